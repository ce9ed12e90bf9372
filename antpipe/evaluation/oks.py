"""Object keypoint similarity."""

import numpy as np

from antpipe.geometry import Array, bounding_boxes

STDDEV = 0.025
"""Spread of a node's labels relative to the animal's size, SLEAP's default for every node."""


def oks(truth: Array, predicted: Array, *, stddev: float | Array = STDDEV, areas: Array | None = None) -> Array:
    """Return the similarity (truth, predicted) of all pairs of poses (instances, nodes, 2), 0 to 1.

    As COCO defines it: `exp(-d^2 / (2 * (2 * stddev)^2 * area))` for each node visible in the truth, 0 where the
    prediction lacks it, averaged. `areas` (truth,) defaults to those of the boxes around the true visible nodes; with
    a single visible node that is 0, and only an exact hit counts. A true pose without visible nodes is similar to none.
    `stddev` is one number or one per node (nodes,), as COCO has them for people.
    """
    size = (box_areas(truth) if areas is None else areas) + np.spacing(1)
    closeness = np.exp(-squared_distances(truth, predicted) / ((2 * stddev) ** 2 * 2 * size[:, None, None]))
    visible = np.asarray(np.isfinite(truth).all(axis=-1))
    total = np.where(visible[:, None] & ~np.isnan(closeness), closeness, 0).sum(axis=-1)
    return total / np.maximum(visible.sum(axis=-1), 1)[:, None]


def squared_distances(truth: Array, predicted: Array) -> Array:
    """Return the squared distances (truth, predicted, nodes) of the nodes of all pairs of poses; NaN if one is."""
    # A sum over an axis of two is slow in NumPy.
    step = truth[:, None] - predicted[None]
    return step[..., 0] ** 2 + step[..., 1] ** 2


def box_areas(points: Array) -> Array:
    """Return the areas (instances,) of the boxes around the visible nodes; 0 for an instance without any."""
    left, top, right, bottom = np.nan_to_num(bounding_boxes(points)).T
    return (right - left) * (bottom - top)


def box_lengths(points: Array) -> Array:
    """Return the longest side (instances,) of the boxes around the visible nodes; NaN for an instance without any."""
    left, top, right, bottom = bounding_boxes(points).T
    return np.maximum(right - left, bottom - top)
