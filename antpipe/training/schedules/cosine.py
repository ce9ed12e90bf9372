"""A learning rate that rises for a while and then falls along a cosine (Loshchilov and Hutter 2017)."""

import math
from collections.abc import Sequence

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.registry import SCHEDULES


@SCHEDULES.register("cosine")
def cosine(config: OptimizationConfig, losses: Sequence[float], epoch: float) -> float:
    """Return the learning rate: from 0 in a straight line to its highest, then half a cosine down to its lowest.

    Early stopping cuts the cosine off; it is not drawn together.
    """
    warmup, lowest = config.cosine.warmup_epochs, config.cosine.min_learning_rate
    if epoch < warmup:
        return config.learning_rate * epoch / warmup
    done = (epoch - warmup) / (config.epochs - warmup)
    return lowest + (config.learning_rate - lowest) * (1 + math.cos(math.pi * done)) / 2
