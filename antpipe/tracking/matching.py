"""Who is who in two frames: distances between poses, and the assignment with the least sum."""

import warnings

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.geometry import Array, bounding_boxes


def body_sizes(points: Array) -> Array:
    """Return the diagonals (instances,) of the bounding boxes of points (instances, nodes, 2), in pixels."""
    boxes = bounding_boxes(points)
    return np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])


def middles(points: Array) -> Array:
    """Return the means (instances, 2) of the visible nodes of points (instances, nodes, 2); NaN where none is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(points, axis=1)


def pose_distances(expected: Array, found: Array) -> Array:
    """Return the mean distance of shared nodes between poses (tracks, nodes, 2) and (instances, nodes, 2), in pixels.

    Where two poses share no visible node, the distance of their middles counts.
    """
    difference = np.linalg.norm(expected[:, None] - found[None], axis=-1)
    shared = ~np.isnan(difference)
    count = shared.sum(axis=-1)
    mean = np.where(shared, difference, 0).sum(axis=-1) / np.maximum(count, 1)
    apart = np.linalg.norm(middles(expected)[:, None] - middles(found)[None], axis=-1)
    return np.where(count > 0, mean, apart)


def assign(cost: Array, limit: Array | float) -> list[tuple[int, int]]:
    """Return the pairs (row, column) with the least sum of costs, none of which is above `limit`.

    As many pairs as can be are made; NaN is never paired.
    """
    allowed = cost <= limit
    if not allowed.any():
        return []
    # A forbidden pair costs more than all allowed ones together, so it is taken only where nothing else is left.
    forbidden = float(cost[allowed].sum()) + 1.0
    rows, columns = linear_sum_assignment(np.where(allowed, cost, forbidden))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if allowed[r, c]]
