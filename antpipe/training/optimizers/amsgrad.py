"""AMSGrad (Reddi et al. 2018): Adam whose steps do not grow again; what SLEAP calls adam."""

import keras

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.average import average_settings
from antpipe.training.optimizers._adam import EPSILON
from antpipe.training.registry import OPTIMIZERS


@OPTIMIZERS.register("amsgrad")
def amsgrad(config: OptimizationConfig) -> keras.optimizers.Optimizer:
    """Return AMSGrad."""
    return keras.optimizers.Adam(config.learning_rate, epsilon=EPSILON, amsgrad=True, **average_settings(config))
