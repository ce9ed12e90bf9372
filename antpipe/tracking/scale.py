"""The usual size and the usual score of the animals of a video, learned as it goes."""

from math import isnan

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.compare import middles
from antpipe.tracking.found import Found
from antpipe.tracking.registry import Setup

LEARNING = 0.02
"""Weight of a new frame."""
PICTURE_SHARE = 8
"""A lone point, which has neither a size nor a neighbour, is as large as this part of the picture's shorter side."""
LEAST_SHARE = 0.5
"""No animal is smaller than this share of the usual size: an instance may show but a part of it."""


class Scale:
    """What is usual in a video."""

    def __init__(self, setup: Setup) -> None:
        self.size = setup.config.body_size or max(min(setup.width, setup.height) / PICTURE_SHARE, 1.0)
        """Pixels."""
        self.score = np.nan
        """NaN until an instance has one."""
        self._fixed = setup.config.body_size is not None
        self._measured = False

    def learn(self, found: Found) -> None:
        """Learn from a frame."""
        if not isnan(found.mean_score):
            self.score = found.mean_score if isnan(self.score) else _nearer(self.score, found.mean_score)
        if not self._fixed:
            size = _spacing(found.points) if isnan(found.mean_size) else found.mean_size
            if not isnan(size):
                self.size = _nearer(self.size, size) if self._measured else size
                self._measured = True

    def sizes(self, found: Found) -> Array:
        """Return the sizes (instances,) of what was found, in pixels; what shows but a part is as large as usual."""
        if self._fixed:
            return np.full(len(found.size), self.size)
        share = 1.0 if isnan(found.mean_size) else LEAST_SHARE
        return np.maximum(found.size, share * self.size)


def _nearer(usual: float, new: float) -> float:
    return usual + LEARNING * (new - usual)


def _spacing(points: Array) -> float:
    """Return the median distance in pixels of poses (poses, nodes, 2) to the nearest other one; NaN for one alone."""
    if len(points) < 2:
        return np.nan
    middle = middles(points)
    apart = np.linalg.norm(middle[:, None] - middle[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    return float(np.median(apart.min(axis=1)))
