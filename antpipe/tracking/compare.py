"""Distances and overlaps between poses."""

import numpy as np

from antpipe.geometry import Array

FEW = 64
"""Up to so many pairs of poses it is quicker to compare all nodes of all than to look for the near ones first."""


def visible(points: Array) -> Array:
    """Return which nodes (poses, nodes) of points (poses, nodes, 2) are visible."""
    return np.asarray(~np.isnan(points).any(axis=-1))


def squared_distances(before: Array, now: Array) -> Array:
    """Return squared distances (before, now, nodes) between the nodes of poses (poses, nodes, 2); NaN if hidden."""
    return ((before[:, None] - now[None]) ** 2).sum(axis=-1)


def middles(points: Array) -> Array:
    """Return the means (..., 2) of the visible nodes of points (..., nodes, 2); NaN where none is."""
    seen = ~np.isnan(points)
    count = seen.sum(axis=-2)
    total = np.where(seen, points, 0).sum(axis=-2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def pose_distances(before: Array, now: Array, *, whole: bool = False, reach: float = np.inf, body: float = 0) -> Array:
    """Return the mean distance (before, now) in pixels of shared nodes between poses (poses, nodes, 2).

    Where two poses share no visible node, the distance of their middles counts, less half a `body`: they may be two
    parts of one. NaN where a pose has no visible node.

    Args:
        before: poses.
        now: other poses.
        whole: promises that all nodes are visible, which is quicker.
        reach: distances above it may be infinite, which is quicker where there are many poses.
        body: size of an animal in pixels.
    """
    if len(before) * len(now) <= FEW or not np.isfinite(reach):
        return _mean_distances(before[:, None], now[None], whole, body)
    apart = middles(before)[:, None] - middles(now)[None]
    apart = np.hypot(apart[..., 0], apart[..., 1])
    distance = np.where(np.isnan(apart), np.nan, np.inf)
    b, n = np.nonzero(apart <= reach)
    distance[b, n] = _mean_distances(before[b], now[n], whole, body)
    return distance


def _mean_distances(before: Array, now: Array, whole: bool, body: float) -> Array:
    """Return the mean distance (...) of the nodes of poses (..., nodes, 2)."""
    step = before - now
    length = np.hypot(step[..., 0], step[..., 1])
    if whole:
        return np.asarray(np.add.reduce(length, axis=-1) / length.shape[-1])
    shared = ~np.isnan(length)
    count = np.add.reduce(shared, axis=-1)
    mean = np.asarray(np.add.reduce(np.where(shared, length, 0), axis=-1) / np.maximum(count, 1))
    if count.all():
        return mean
    apart = middles(before) - middles(now)
    return np.where(count > 0, mean, np.maximum(np.hypot(apart[..., 0], apart[..., 1]) - body / 2, 0))


def overlaps(first: Array, second: Array) -> Array:
    """Return the intersection over union (first, second) of boxes (boxes, 4): left, top, right, bottom; NaN if none."""
    a, b = first[:, None], second[None]
    sides = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0)
    shared = sides.prod(axis=-1)
    union = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1) - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), np.where(np.isnan(union), np.nan, 0.0))
