"""The training loop: epochs of steps, validation, schedule, best weights, and a state to go on from."""

import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from antpipe.config.model import OptimizationConfig
from antpipe.errors import ModelError
from antpipe.files import atomic_directory, atomic_path, read_json, write_json
from antpipe.geometry import Array
from antpipe.progress import Advance
from antpipe.training.batches import Batch
from antpipe.training.plateau import Plateau
from antpipe.video.prefetch import prefetch

PREFETCHED_BATCHES = 4
ADAM_EPSILON = 1e-8
"""Gradients of confidence maps, nearly 0 nearly everywhere, are as small as the default of 1e-7, which slows them."""
LOG_COLUMNS = ("epoch", "loss", "val_loss", "lr")


@dataclass
class Progress:
    """All that a run has to remember between two epochs, besides the network's and the optimizer's variables."""

    key: str
    """Hash of all that determines the run; a state of another run is not used."""
    plateau: Plateau
    epoch: int = 0
    """Epochs done."""
    stopped: bool = False
    log: list[list[float]] = field(default_factory=list)
    """One row of LOG_COLUMNS per epoch."""


def fit(
    network: keras.Model,
    losses: list[keras.losses.Loss],
    batches_of: Callable[[int], Iterator[Batch]],
    validation: list[Batch],
    config: OptimizationConfig,
    *,
    steps: int,
    folder: Path,
    key: str,
    on_progress: Advance,
) -> list[list[float]]:
    """Train the network and leave its best weights in it; return the rows of the training log.

    After every epoch the state goes to `folder/.resume`; a run that was killed goes on from there, and ends with the
    weights that it would have had. Learning rate and stop follow the validation loss.

    Args:
        network: is changed in place.
        losses: of (truth, output), one per head; all stacks of a head learn the same.
        batches_of: gives the batches of an epoch.
        validation: fixed batches, not augmented.
        config: optimizer, schedule, stop.
        steps: batches per epoch.
        folder: the run folder.
        key: hash of all that determines the run.
        on_progress: called with steps done and steps at most.
    """
    # A second model on the same layers owns the optimizer, whose state is so kept out of the network's weights.
    learner = keras.Model(network.inputs, network.outputs)
    optimizer = keras.optimizers.Adam(config.learning_rate, epsilon=ADAM_EPSILON)
    learner.compile(optimizer, loss=_losses_of_outputs(network, losses))
    optimizer.build(learner.trainable_variables)
    resume, best = folder / ".resume", folder / ".resume" / "best.weights.h5"
    state = _load(resume, key, learner) or Progress(key, Plateau(config.learning_rate))
    started = time.monotonic()
    while state.epoch < config.epochs and not state.stopped:
        optimizer.learning_rate = state.plateau.learning_rate
        errors = _epoch(learner, batches_of(state.epoch), validation, state.epoch * steps, steps, config, on_progress)
        if not np.isfinite(errors).all():
            raise ModelError(f"{folder}: the loss is no longer a number in epoch {state.epoch}; lower learning_rate")
        improved = errors[1] < state.plateau.best
        state.log.append([state.epoch, *errors, state.plateau.learning_rate])
        state.stopped = state.plateau.update(errors[1], config.plateau, config.early_stopping)
        state.epoch += 1
        minutes = (time.monotonic() - started) / 60
        state.stopped |= config.max_minutes is not None and minutes >= config.max_minutes
        _save(resume, state, learner, network if improved else None)
    network.load_weights(best)
    return state.log


def _epoch(
    learner: keras.Model,
    batches: Iterator[Batch],
    validation: list[Batch],
    done: int,
    steps: int,
    config: OptimizationConfig,
    on_progress: Advance,
) -> tuple[float, float]:
    """Return the mean loss over the training samples of one epoch, and over the validation samples after it."""
    learner.reset_metrics()
    loss = float("nan")
    for step, (images, points) in enumerate(prefetch(batches, PREFETCHED_BATCHES), 1):
        truth = _for_each_output(learner, points)
        loss = float(np.asarray(learner.train_on_batch(images, truth, return_dict=True)["loss"]))
        on_progress(done + step, steps * config.epochs)
    total = 0.0
    for images, points in validation:
        # Keras' own mean over batches of unequal size does not count every sample alike.
        learner.reset_metrics()
        truth = _for_each_output(learner, points)
        total += len(images) * float(np.asarray(learner.test_on_batch(images, truth, return_dict=True)["loss"]))
    return loss, total / sum(len(images) for images, _ in validation)


def _losses_of_outputs(network: keras.Model, losses: list[keras.losses.Loss]) -> list[keras.losses.Loss]:
    stacks = len(network.outputs) // len(losses)
    return [loss for loss in losses for _ in range(stacks)]


def _for_each_output(network: keras.Model, truth: Array) -> Array | list[Array]:
    """Return the truth as Keras wants it: every output draws its own targets from it."""
    return truth if len(network.outputs) == 1 else [truth] * len(network.outputs)


def write_log(path: Path, log: list[list[float]]) -> None:
    """Write training_log.csv: epoch, loss, val_loss, lr."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LOG_COLUMNS)
        writer.writerows([int(epoch), *values] for epoch, *values in log)


def forget(folder: Path) -> None:
    """Remove the state to go on from, once the run is complete, and what killed runs left beside it."""
    for left in folder.glob(".*resume*"):
        shutil.rmtree(left, ignore_errors=True)


def _save(resume: Path, state: Progress, learner: keras.Model, better: keras.Model | None) -> None:
    """Replace the stored state by that after the present epoch; the folder is old or new, never half of each."""
    with atomic_directory(resume) as temporary:
        learner.save_weights(temporary / "now.weights.h5")
        best = temporary / "best.weights.h5"
        if better is None:
            shutil.copyfile(resume / best.name, best)
        else:
            better.save_weights(best)
        write_json(temporary / "state.json", asdict(state))


def _load(resume: Path, key: str, learner: keras.Model) -> Progress | None:
    """Return the stored state of the same run, with weights and optimizer back in place; None where there is none."""
    try:
        value = read_json(resume / "state.json")
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not isinstance(value, dict) or value.get("key") != key:
        return None
    learner.load_weights(resume / "now.weights.h5")
    return Progress(**{**value, "plateau": Plateau(**value["plateau"])})
