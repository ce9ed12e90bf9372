"""RMSprop (Tieleman and Hinton 2012): steps divided by the usual size of the gradient."""

import keras

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.average import average_settings
from antpipe.training.registry import OPTIMIZERS


@OPTIMIZERS.register("rmsprop")
def rmsprop(config: OptimizationConfig) -> keras.optimizers.Optimizer:
    """Return RMSprop with Keras' own settings, as SLEAP has it."""
    return keras.optimizers.RMSprop(config.learning_rate, **average_settings(config))
