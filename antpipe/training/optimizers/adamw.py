"""AdamW (Loshchilov and Hutter 2019): Adam, and all weights shrink a little in each step."""

import keras

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.average import average_settings
from antpipe.training.optimizers._adam import EPSILON
from antpipe.training.registry import OPTIMIZERS

WEIGHT_DECAY = 0.004


@OPTIMIZERS.register("adamw")
def adamw(config: OptimizationConfig) -> keras.optimizers.Optimizer:
    """Return AdamW."""
    decay = WEIGHT_DECAY if config.weight_decay is None else config.weight_decay
    return keras.optimizers.AdamW(config.learning_rate, weight_decay=decay, epsilon=EPSILON, **average_settings(config))
