"""Gradient descent with momentum (Polyak 1964)."""

import keras

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.average import average_settings
from antpipe.training.registry import OPTIMIZERS

MOMENTUM = 0.9


@OPTIMIZERS.register("sgd")
def sgd(config: OptimizationConfig) -> keras.optimizers.Optimizer:
    """Return gradient descent; each step adds `momentum` times the step before."""
    momentum = MOMENTUM if config.momentum is None else config.momentum
    return keras.optimizers.SGD(config.learning_rate, momentum=momentum, **average_settings(config))
