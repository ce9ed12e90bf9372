"""A learning rate that never changes."""

from collections.abc import Sequence

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.registry import SCHEDULES


@SCHEDULES.register("constant")
def constant(config: OptimizationConfig, losses: Sequence[float], epoch: float) -> float:
    """Return the learning rate of the settings."""
    return config.learning_rate
