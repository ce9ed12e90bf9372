"""The growth points of models."""

from collections.abc import Callable
from typing import Any

from antpipe.registry import Registry

Features = dict[int, Any]
"""Feature maps (batch, height, width, channels) by stride."""

BACKBONES: Registry[Callable[..., list[Features]]] = Registry("backbone", "antpipe.models.backbones")
"""`backbone(image, its_config, output_stride)` gives features by stride, one dictionary per stack."""

HEADS: Registry[Callable[..., Any]] = Registry("head", "antpipe.models.heads")
"""`head(features, spec, name)` gives the output layer of that name; `losses` has the loss of the same key."""

LOSSES: Registry[Callable[..., Any]] = Registry("loss", "antpipe.losses")
"""`loss(spec)` gives the Keras loss of (truth, output) of the head of the same key.

The truth is (batch, instances, nodes, 3): x and y in input pixels, NaN where not visible, and the class of the
instance, -1 where it is not known. So no target is stored or moved: losses draw their own.
"""
