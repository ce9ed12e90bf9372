"""Matching predicted to true instances within a frame."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.geometry import Array


def order_by_score(scores: Array) -> Array:
    """Return indices from the highest to the lowest score; equal scores keep their order, as in SLEAP."""
    return np.argsort(-np.asarray(scores), kind="stable")


def match_greedily(similarity: Array, scores: Array, *, above: float = 0.0) -> list[tuple[int, int]]:
    """Return matched pairs (truth, predicted) of a similarity matrix (truth, predicted), as SLEAP does it.

    Predictions choose in the order of their scores; each takes the most similar true instance still free if their
    similarity is above the threshold. Pairs come in the order of choice.
    """
    free = np.array(similarity, np.float64)
    pairs: list[tuple[int, int]] = []
    for predicted in order_by_score(scores):
        if not len(free) or len(pairs) == len(free):
            break
        best = int(free[:, predicted].argmax())
        if free[best, predicted] > above:
            pairs.append((best, int(predicted)))
            free[best] = -np.inf
    return pairs


def hits_at_thresholds(similarity: Array, scores: Array, thresholds: Array) -> Array:
    """Return which predictions are true positives (thresholds, predicted) at each similarity threshold, as COCO does.

    At each threshold afresh, each prediction in the order of scores takes the most similar true instance still free
    whose similarity reaches the threshold.
    """
    possible = similarity >= thresholds.min()
    if max(possible.sum(axis=0).max(initial=0), possible.sum(axis=1).max(initial=0)) <= 1:
        # No two compete, so there is nothing to match.
        return np.asarray(similarity.max(axis=0, initial=-np.inf) >= thresholds[:, None])
    hits = np.zeros((len(thresholds), similarity.shape[1]), bool)
    for row, threshold in zip(hits, thresholds, strict=True):
        pairs = match_greedily(similarity, scores, above=np.nextafter(threshold, -np.inf))
        row[[predicted for _, predicted in pairs]] = True
    return hits


def match_nearest(cost: Array, limit: Array | float) -> list[tuple[int, int]]:
    """Return the pairs (truth, predicted) of a cost matrix that match most instances, at the least total cost.

    Only pairs with cost up to `limit` (one number, or one per true instance as (truth, 1)) may match; NaN never.
    """
    allowed = cost <= limit
    if not allowed.any():
        return []
    # One more match must always be worth more than any saving of cost.
    weight = np.where(allowed, cost, 0)
    forbidden = weight.max() * min(cost.shape) + 1
    rows, columns = linear_sum_assignment(np.where(allowed, cost, forbidden))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if allowed[r, c]]
