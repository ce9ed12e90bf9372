"""The training loop: epochs of steps, validation, schedule, best weights, and a state to go on from."""

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from antpipe.config.optimization import OptimizationConfig
from antpipe.errors import ModelError
from antpipe.files import atomic_path
from antpipe.progress import Advance
from antpipe.training.average import averaged
from antpipe.training.batches import Batch
from antpipe.training.early_stopping import should_stop
from antpipe.training.epoch import OnNote, train_epoch, validate
from antpipe.training.registry import OPTIMIZERS, SCHEDULES
from antpipe.training.resume import Progress, load_best, load_progress, save_progress
from antpipe.video.prefetch import prefetch

PREFETCHED_BATCHES = 4
LOG_COLUMNS = ("epoch", "loss", "val_loss", "lr")


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
    on_note: OnNote,
) -> Progress:
    """Train the network and leave its best weights in it; return the log and the notes.

    After every epoch the state goes to `folder/.resume`; a run that was killed goes on from there, and ends with the
    weights that it would have had.

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
        on_note: called with what the user should know, as soon as it is known.

    Raises:
        ModelError: if the loss is no longer a number.
        ResourceError: if memory does not hold a single sample.
    """
    # A second model on the same layers owns the optimizer, whose state is so kept out of the network's weights.
    learner = keras.Model(network.inputs, network.outputs)
    learner.compile(OPTIMIZERS[config.optimizer](config), loss=_losses_of_outputs(network, losses))
    learner.optimizer.build(learner.trainable_variables)
    progress = load_progress(folder, key, learner) or Progress(key=key, batch_size=config.batch_size)
    started = time.monotonic()
    while progress.epoch < config.epochs and not progress.stopped:
        best = min(progress.validation_losses, default=np.inf)
        batches = prefetch(batches_of(progress.epoch), PREFETCHED_BATCHES)
        row = _epoch(learner, batches, validation, config, steps, progress, on_progress, on_note)
        if not np.isfinite(row).all():
            raise ModelError(f"{folder}: the loss is no longer a number in epoch {row[0]}; lower learning_rate")
        progress.log.append(row)
        minutes = (time.monotonic() - started) / 60
        progress.stopped = should_stop(progress.validation_losses, config.early_stopping)
        progress.stopped |= config.max_minutes is not None and minutes >= config.max_minutes
        save_progress(folder, progress, learner, network if progress.validation_losses[-1] < best else None)
    load_best(folder, network)
    return progress


def _epoch(
    learner: keras.Model,
    batches: Iterator[Batch],
    validation: list[Batch],
    config: OptimizationConfig,
    steps: int,
    progress: Progress,
    on_progress: Advance,
    on_note: OnNote,
) -> list[float]:
    """Train and validate for one epoch; return its row of the log."""
    epoch, before, schedule = progress.epoch, progress.validation_losses, SCHEDULES[config.schedule]

    def rate_of(step: int) -> float:
        return schedule(config, before, epoch + step / steps)

    def on_step(step: int) -> None:
        on_progress(epoch * steps + step, steps * config.epochs)

    loss = train_epoch(learner, batches, rate_of, progress, on_step, on_note)
    with averaged(learner):
        validation_loss = validate(learner, validation, progress, on_note)
    return [epoch, loss, validation_loss, rate_of(steps)]


def _losses_of_outputs(network: keras.Model, losses: list[keras.losses.Loss]) -> list[keras.losses.Loss]:
    stacks = len(network.outputs) // len(losses)
    return [loss for loss in losses for _ in range(stacks)]


def write_log(path: Path, log: list[list[float]]) -> None:
    """Write training_log.csv: epoch, loss, val_loss, and lr, the learning rate of the epoch's last step."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LOG_COLUMNS)
        writer.writerows([int(epoch), *values] for epoch, *values in log)
