"""Where each track was in the last frames."""

from collections import deque

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Poses

_PIECES = 24
"""A trail is drawn with about this many pieces, however long it is."""


class Trails:
    """Remembers where the tracks were in the last frames; memory is bounded by the length of a trail."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._step = max(1, frames // _PIECES)
        self._past: dict[str, deque[tuple[int, float, float]]] = {}

    def add(self, frame_idx: int, poses: Poses) -> None:
        """Take the instances of the next frame."""
        tracked = poses[poses.track != None]  # noqa: E711 (elementwise on an object array)
        for name, (x, y) in zip(tracked.track, middles(tracked.points), strict=True):
            past = self._past.setdefault(name, deque())
            # The newest place leads to the animal; it stays only if it is a step away from the one before.
            if len(past) > 1 and past[-1][0] - past[-2][0] < self._step:
                past.pop()
            past.append((frame_idx, float(x), float(y)))

    def now(self, frame_idx: int) -> dict[str, Array]:
        """Return by track its places (positions, 2) in the last frames, the oldest first; forget those before."""
        first = frame_idx - self._frames
        for past in self._past.values():
            while past and past[0][0] < first:
                past.popleft()
        self._past = {name: past for name, past in self._past.items() if past}
        return {name: np.array([place[1:] for place in past]) for name, past in self._past.items()}


def middles(points: Array) -> Array:
    """Return the median visible node (instances, 2) of points (instances, nodes, 2), NaN where none is visible.

    It is steadier than the middle of the box when a leg comes and goes.
    """
    found = ~np.isnan(points).all(axis=(1, 2))
    middle = np.full((len(points), 2), np.nan)
    middle[found] = np.nanmedian(points[found], axis=1)
    return middle
