"""Names beside animals, where they cover neither an animal nor another name."""

from collections.abc import Sequence

import numpy as np

from antpipe.geometry import Array

_GAP = 3
"""Pixels between an animal and its name."""
_SIDES = np.array([(0, -1), (0, 1), (1, 0), (-1, 0), (1, -1), (-1, -1), (1, 1), (-1, 1)])
"""Where a name may be: above, below, right, left, and at the corners; the first are the best."""
_RINGS = 4
"""Places one behind the other in each direction."""
_ON_NAME, _RANK, _MOVE = 4.0, 0.02, 0.3
"""What it costs to lie on another name, to be one place worse, and to move; to lie on an animal costs 1."""


class LabelPlaces:
    """Finds places for names, and remembers where each was, so that names do not jump from frame to frame."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def find(self, names: Sequence[str | None], sizes: Array, boxes: Array, image: tuple[int, int]) -> Array:
        """Return the upper left corners (names, 2) of names, each near its animal and within the image.

        Args:
            names: of the tracks; None is not remembered.
            sizes: (names, 2) width and height of the written names.
            boxes: (names, 4) around the animals.
            image: its width and height.
        """
        taken = np.zeros((0, 4))
        for name, size, box in zip(names, sizes, boxes, strict=True):
            places = _candidates(box, size, image)
            costs = (_overlap(places, boxes) + _ON_NAME * _overlap(places, taken)) / size.prod()
            costs += _RANK * np.arange(len(places))
            if name in self._last:
                costs[np.arange(len(places)) != self._last[name]] += _MOVE
            best = int(costs.argmin())
            taken = np.concatenate([taken, places[[best]]])
            if name is not None:
                self._last[name] = best
        return taken[:, :2]


def _candidates(box: Array, size: Array, image: tuple[int, int]) -> Array:
    """Return the boxes (places, 4) that a name may take around that of its animal, the best first."""
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    behind = np.arange(_RINGS)[:, None, None] * (size[1] + _GAP)
    low = middle - size / 2 + _SIDES * (half + size / 2 + _GAP + behind)
    low = np.clip(low.reshape(-1, 2), 0, np.maximum(np.array(image) - size, 0))
    return np.concatenate([low, low + size], axis=1)


def _overlap(places: Array, boxes: Array) -> Array:
    """Return on how many pixels of the boxes each place lies."""
    low = np.maximum(places[:, None, :2], boxes[None, :, :2])
    high = np.minimum(places[:, None, 2:], boxes[None, :, 2:])
    overlap: Array = np.clip(high - low, 0, None).prod(axis=-1).sum(axis=1)
    return overlap
