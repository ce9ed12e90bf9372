"""Adam (Kingma and Ba 2015): steps of about one size, whatever the size of the gradient."""

import keras

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.average import average_settings
from antpipe.training.optimizers._adam import EPSILON
from antpipe.training.registry import OPTIMIZERS


@OPTIMIZERS.register("adam")
def adam(config: OptimizationConfig) -> keras.optimizers.Optimizer:
    """Return Adam."""
    return keras.optimizers.Adam(config.learning_rate, epsilon=EPSILON, **average_settings(config))
