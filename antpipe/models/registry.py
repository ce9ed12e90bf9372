"""The growth points of models."""

from collections.abc import Callable
from typing import Any

from antpipe.registry import Registry

Features = dict[int, Any]
"""Feature maps (batch, height, width, channels) by stride."""

BACKBONES: Registry[Callable[..., list[Features]]] = Registry("backbone", "antpipe.models.backbones")
"""`backbone(image, its_config, output_stride)` gives features by stride, one dictionary per stack."""
