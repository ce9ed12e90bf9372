"""The growth points of training."""

from collections.abc import Callable
from typing import Any

from antpipe.registry import Registry

OPTIMIZERS: Registry[Callable[..., Any]] = Registry("optimizer", "antpipe.training.optimizers")
"""`optimizer(settings)` gives the Keras optimizer of an OptimizationConfig."""

SCHEDULES: Registry[Callable[..., float]] = Registry("schedule", "antpipe.training.schedules")
"""`schedule(settings, losses, epoch)` gives the learning rate after `epoch` epochs, whole or in part, of an
OptimizationConfig and the validation losses of the whole epochs so far.

It follows from these alone, so that a run that goes on has nothing else to remember.
"""
