"""Lengths on the animal, and their unit."""

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.geometry import Array


def length_unit(config: FeaturesConfig) -> tuple[str, float]:
    """Return the unit of lengths, and how many pixels of the raw video it has."""
    scale = next(iter(config.pixels_per_mm.values()), None)
    return ("px", 1.0) if scale is None else ("mm", scale)


def polyline_lengths(points: Array) -> Array:
    """Return the lengths (...) of lines through points (..., nodes, 2); NaN where a node is not visible."""
    return np.linalg.norm(np.diff(points, axis=-2), axis=-1).sum(axis=-1)
