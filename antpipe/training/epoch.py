"""One epoch: steps over augmented batches, then the loss of the validation samples."""

from collections.abc import Callable, Iterable

import keras
import numpy as np

from antpipe.geometry import Array
from antpipe.training.batches import Batch
from antpipe.training.memory import run_in_parts
from antpipe.training.resume import Progress

OnNote = Callable[[str], None]


def train_epoch(
    learner: keras.Model,
    batches: Iterable[Batch],
    rate_of: Callable[[int], float],
    progress: Progress,
    on_step: Callable[[int], None],
    on_note: OnNote,
) -> float:
    """Take a step for every batch; return the mean loss over the samples.

    Args:
        learner: the compiled network.
        batches: of the epoch.
        rate_of: gives the learning rate of a step, the first of which is 1.
        progress: says how many samples a step may have.
        on_step: called with the number of each step that is done.
        on_note: called with what the user should know.
    """

    def run(part: Batch) -> float:
        images, truth = part
        result = learner.train_on_batch(images, _for_each_output(learner, truth), return_dict=True)
        return float(np.asarray(result["loss"]))

    learner.reset_metrics()
    loss = float("nan")
    for step, batch in enumerate(batches, 1):
        learner.optimizer.learning_rate = rate_of(step)
        for mean_so_far, _ in run_in_parts(run, batch, progress, on_note):
            loss = mean_so_far
        on_step(step)
    return loss


def validate(learner: keras.Model, batches: Iterable[Batch], progress: Progress, on_note: OnNote) -> float:
    """Return the mean loss over the validation samples, each of which counts alike."""

    def run(part: Batch) -> float:
        images, truth = part
        # Keras' own mean over batches of unequal size does not count every sample alike.
        learner.reset_metrics()
        result = learner.test_on_batch(images, _for_each_output(learner, truth), return_dict=True)
        return float(np.asarray(result["loss"]))

    losses, counts = zip(
        *(part for batch in batches for part in run_in_parts(run, batch, progress, on_note)), strict=True
    )
    return float(np.average(losses, weights=counts))


def _for_each_output(network: keras.Model, truth: Array) -> Array | list[Array]:
    """Return the truth as Keras wants it: every output draws its own targets from it."""
    return truth if len(network.outputs) == 1 else [truth] * len(network.outputs)
