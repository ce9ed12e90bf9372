"""Whether scores mean what they say: are nine in ten of those with a score of .9 right?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from antpipe.evaluation.scene import Scene, joined
from antpipe.geometry import Array

CORRECT_WITHIN = 0.05
"""A point is correct within this part of its animal's body length."""
BINS = 10


def calibration(scenes: Sequence[Scene], *, within: float = CORRECT_WITHIN) -> dict[str, Any]:
    """Return how well scores of points and of instances agree with the share that is correct.

    A point is correct if it lies within `within` body lengths of the same node of the animal that its instance found.
    Points of extra instances, and those of nodes that are not visible in the truth, have no true place; they are not
    judged, but counted. An instance is correct if it found an animal (see `strict_metrics`); an extra one is wrong.

    Scores are taken as probabilities as they are, although heights of confidence maps are none: they may exceed 1, and
    centred models of SLEAP give each instance 1. What has no score is left out and counted.

    Returns:
        Under `calibration.points.` and `calibration.instances.`: what `reliability` returns, `without_score`, and for
        points `within` and `not_judged`.
    """
    scores = joined(scenes, "point_scores")
    relative = joined(scenes, "distance") / np.concatenate([s.lengths[s.found] for s in scenes])[:, None]
    judged = ~np.isnan(relative)
    points = _scored(scores[judged], relative[judged] <= within)
    predicted = sum(int((~np.isnan(s.predicted).any(axis=-1)).sum()) for s in scenes)
    right = np.concatenate([np.isin(np.arange(len(s.predicted)), s.by) for s in scenes])
    points |= {"within": within, "not_judged": predicted - int(judged.sum())}
    instances = _scored(joined(scenes, "scores"), right)
    return {
        **{f"calibration.points.{name}": value for name, value in points.items()},
        **{f"calibration.instances.{name}": value for name, value in instances.items()},
    }


def reliability(scores: Array, correct: Array, *, bins: int = BINS) -> dict[str, Any]:
    """Return by bins of scores how many were correct (Guo et al. 2017, On Calibration of Modern Neural Networks).

    The bins hold equally many scores each, as far as equal scores, which stay together, allow.

    Args:
        scores: (values,), no NaN.
        correct: (values,) bool.
        bins: how many at most.

    Returns:
        By bin, from low to high scores: `count`, `score` (the mean) and `correct` (the share). Over all: `ece`, the
        expected calibration error, which is the mean of |score - correct| over all values; `bias`, the mean score
        minus the share correct, above 0 where scores promise too much. NaN if there are no scores.
    """
    if not len(scores):
        return {"count": [], "score": [], "correct": [], "ece": np.nan, "bias": np.nan}
    _, distinct, times = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(times) - times / 2
    _, members = np.unique((middle * bins / len(scores)).astype(int)[distinct], return_inverse=True)
    count = np.bincount(members)
    score, share = (np.bincount(members, weights=values) / count for values in (scores, correct))
    return {
        "count": count,
        "score": score,
        "correct": share,
        "ece": float((count * np.abs(score - share)).sum() / count.sum()),
        "bias": float(np.mean(scores) - np.mean(correct)),
    }


def _scored(scores: Array, correct: Array) -> dict[str, Any]:
    known = ~np.isnan(scores)
    return {**reliability(scores[known], correct[known]), "without_score": int((~known).sum())}
