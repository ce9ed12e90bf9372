"""The moving average of a network's weights (Polyak and Juditsky 1992), which wanders less than the weights do."""

import contextlib
from collections.abc import Iterator

import keras

from antpipe.config.optimization import OptimizationConfig


def average_settings(config: OptimizationConfig) -> dict[str, object]:
    """Return the arguments that make an optimizer of Keras keep the average."""
    return {} if config.ema_momentum is None else {"use_ema": True, "ema_momentum": config.ema_momentum}


@contextlib.contextmanager
def averaged(learner: keras.Model) -> Iterator[None]:
    """Put the average in the place of the weights for a while, if the optimizer keeps it.

    What is not trained by gradients, such as the statistics of batch normalisation, stays as it is.
    """
    if not learner.optimizer.use_ema:
        yield
        return
    weights = learner.trainable_variables
    kept = [keras.ops.convert_to_numpy(weight) for weight in weights]
    learner.optimizer.finalize_variable_values(weights)
    try:
        yield
    finally:
        for weight, value in zip(weights, kept, strict=True):
            weight.assign(value)
