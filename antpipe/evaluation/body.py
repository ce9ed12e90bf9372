"""The size of an animal, the unit in which errors of small and large animals compare."""

from collections.abc import Sequence

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


def median(values: Array) -> float:
    """Return the median of what is not NaN; NaN where nothing is left."""
    return float(row_medians(values.reshape(1, -1))[0])


def row_medians(values: Array) -> Array:
    """Return the medians (...) of what is not NaN in each row of values (..., columns); NaN where nothing is left."""
    # NaN sorts to the end. np.nanmedian gives the same, far slower on many short rows.
    ordered = np.sort(np.concatenate([values, np.full((*values.shape[:-1], 1), np.nan)], axis=-1), axis=-1)
    known = np.asarray((~np.isnan(ordered)).sum(axis=-1, keepdims=True))
    middle = [np.take_along_axis(ordered, place, axis=-1) for place in (np.maximum(known - 1, 0) // 2, known // 2)]
    return ((middle[0] + middle[1]) / 2)[..., 0]


def _distance(points: Array, first: int, second: int) -> Array:
    return np.linalg.norm(points[:, first] - points[:, second], axis=-1)
