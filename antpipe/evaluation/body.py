"""The size of an animal, the unit in which errors of small and large animals compare."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from antpipe.evaluation.oks import box_lengths
from antpipe.geometry import Array


def body_lengths(points: Sequence[Array], ends: tuple[int, int] | None = None) -> list[Array]:
    """Return the body length of every instance, frame by frame, of frames of points (instances, nodes, 2).

    The distance between the two nodes `ends`; without them, the longest side of the box around the visible nodes.
    Where that is unknown or 0, the median of all others; NaN if it is unknown everywhere.
    """
    lengths = [box_lengths(p) if ends is None else _distance(p, *ends) for p in points]
    known = np.concatenate([*lengths, np.zeros(0)])
    typical = median(known[known > 0])
    return [np.where(length > 0, length, typical) for length in lengths]


def median(values: Array, axis: int | None = None) -> Any:
    """Return the median of what is not NaN; NaN where nothing is left."""
    with warnings.catch_warnings():
        # NumPy warns of a median of nothing, but NaN is the right answer here.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(values, axis=axis)


def _distance(points: Array, first: int, second: int) -> Array:
    return np.linalg.norm(points[:, first] - points[:, second], axis=-1)
