"""Detection of animals by the distance of their centroids."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from antpipe.evaluation.curves import average_precision
from antpipe.evaluation.match import hits_at_thresholds, match_nearest, order_by_score
from antpipe.geometry import Array

RADII = (0.1, 0.25, 0.5)
"""Parts of the median body length, the radii that evaluations use."""


def detection_metrics(
    truth: Sequence[Array],
    predicted: Sequence[Array],
    *,
    radii: Sequence[float],
    scores: Sequence[Array] | None = None,
) -> dict[str, Any]:
    """Return how well predicted centroids find the true ones, for each radius in pixels.

    Both are lists of centroids (animals, 2), one entry per frame. At each radius, predictions and animals no further
    apart are matched one to one, as many as possible and as near as possible (Hungarian); the rest are false
    positives and misses. The count error does not depend on the radius: predicted minus true animals per frame, its
    mean (bias) and the mean of its absolute value.

    With `scores`, for each frame those of its predictions (animals,), there is the average precision as well. As in
    COCO's, predictions then choose by score, each the nearest animal still free within the radius.

    Returns:
        Under `detection.`: `radii`, then one value per radius of `tp`, `fp`, `fn`, `precision`, `recall`, `f1`,
        `distance` (mean of matched pairs, pixels) and, with scores, `ap`; `count_error`, `count_bias`. NaN where
        nothing is to divide by.
    """
    kept = [_known(points) for points in predicted]
    distances = [cdist(t[_known(t)], p[k]) for t, p, k in zip(truth, predicted, kept, strict=True)]
    rows = [_at_radius(distances, radius) for radius in radii]
    extra = np.array([d.shape[1] - d.shape[0] for d in distances], float)
    result: dict[str, Any] = {"radii": [float(r) for r in radii]}
    result |= {name: [row[name] for row in rows] for name in rows[0]}
    if scores is not None:
        result["ap"] = _average_precision(distances, [s[k] for s, k in zip(scores, kept, strict=True)], radii)
    result |= {"count_error": _ratio(np.abs(extra).sum(), len(extra)), "count_bias": _ratio(extra.sum(), len(extra))}
    return {f"detection.{name}": value for name, value in result.items()}


def _average_precision(distances: Sequence[Array], scores: Sequence[Array], radii: Sequence[float]) -> list[float]:
    closeness = -np.asarray(radii, np.float64)
    hits = [hits_at_thresholds(-d, s, closeness) for d, s in zip(distances, scores, strict=True)]
    order = order_by_score(np.concatenate(scores))
    curves = average_precision(np.concatenate(hits, axis=1)[:, order], sum(len(d) for d in distances))
    return [float(value) for value in curves["AP"]]


def _at_radius(distances: Sequence[Array], radius: float) -> dict[str, float]:
    near = [d[i, j] for d in distances for i, j in match_nearest(d, radius)]
    tp = len(near)
    fn, fp = (sum(d.shape[axis] for d in distances) - tp for axis in (0, 1))
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "distance": _ratio(sum(near), tp),
    }


def _known(points: Array) -> Array:
    return np.asarray(~np.isnan(points).any(axis=-1))


def _ratio(part: float, whole: float) -> float:
    return float(part) / whole if whole else float("nan")
