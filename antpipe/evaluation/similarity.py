"""Similarity of true and tracked instances, 0 to 1; half is what counts as the same animal."""

from collections.abc import Callable

import numpy as np

from antpipe.evaluation.oks import box_areas, box_lengths, oks
from antpipe.geometry import Array, bounding_boxes

Similarity = Callable[[Array, Array], Array]


def distance_similarity(truth: Array, predicted: Array, *, scale: float | None = None) -> Array:
    """Return `1 - d / scale`, not below 0, of all pairs (truth, predicted) of poses (instances, nodes, 2).

    `d` is the mean distance of the nodes visible in both; pairs without such a node are not similar at all. `scale` is
    in pixels; None takes the longest side of each true animal's box, so that `d` below half of that is a match.
    """
    distance = np.linalg.norm(truth[:, None] - predicted[None], axis=-1)
    common = ~np.isnan(distance)
    mean = np.where(common, distance, 0).sum(axis=-1) / np.maximum(common.sum(axis=-1), 1)
    size = np.broadcast_to(box_lengths(truth) if scale is None else scale, len(truth))[:, None]
    return np.where(common.any(axis=-1) & (size > 0), np.clip(1 - mean / np.where(size > 0, size, 1), 0, 1), 0)


def box_similarity(truth: Array, predicted: Array) -> Array:
    """Return the intersection over union of all pairs (truth, predicted) of the boxes around poses."""
    a, b = bounding_boxes(truth)[:, None], bounding_boxes(predicted)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.nan_to_num(np.maximum(sides, 0).prod(axis=-1))
    union = box_areas(truth)[:, None] + box_areas(predicted)[None] - shared
    return shared / np.where(union > 0, union, 1)


SIMILARITIES: dict[str, Similarity] = {"distance": distance_similarity, "oks": oks, "iou": box_similarity}
