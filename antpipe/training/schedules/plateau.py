"""A learning rate that falls when the validation loss no longer does.

The rules are those of Keras' ReduceLROnPlateau, so that logs of SLEAP can be replayed.
"""

from collections.abc import Sequence

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.registry import SCHEDULES


@SCHEDULES.register("plateau")
def plateau(config: OptimizationConfig, losses: Sequence[float], epoch: float) -> float:
    """Return the learning rate after all drops to which the losses have led."""
    settings, rate = config.plateau, config.learning_rate
    best, waited, cooldown = float("inf"), 0, 0
    for loss in losses:
        if cooldown:
            cooldown -= 1
            waited = 0
        if loss < best - settings.min_delta:
            best, waited = loss, 0
        elif not cooldown:
            waited += 1
            if waited >= settings.patience:
                rate = min(rate, max(rate * settings.factor, settings.min_learning_rate))
                cooldown, waited = settings.cooldown, 0
    return rate
