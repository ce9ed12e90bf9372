"""A labelled frame, what was predicted in it, and which prediction is which animal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antpipe.evaluation.body import row_medians
from antpipe.evaluation.curves import MATCH_THRESHOLDS
from antpipe.evaluation.frames import Frame
from antpipe.evaluation.match import hits_at_thresholds, match_nearest
from antpipe.evaluation.oks import box_areas, oks, squared_distances
from antpipe.geometry import Array

FOUND_WITHIN = 0.5
"""An animal is found if half of its nodes lie within this part of its body length."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The animals and the predictions of one frame, and the pairs of an animal and its own prediction."""

    video: str
    frame_idx: int
    truth: Array
    """(animals, nodes, 2)"""
    predicted: Array
    """(predictions, nodes, 2)"""
    scores: Array
    """(predictions,)"""
    lengths: Array
    """(animals,) body lengths"""
    hits: Array
    """(thresholds, predictions), whether a prediction is right for the average precision"""
    found: Array
    """(pairs,) rows of the animals that were found"""
    by: Array
    """(pairs,) rows of their predictions"""
    distance: Array
    """(pairs, nodes) in pixels; NaN where the node is not visible on both sides"""
    similarity: Array
    """(pairs,) OKS"""
    point_scores: Array
    """(pairs, nodes) of the predictions; NaN where there are none"""


def make_scene(truth: Frame, predicted: Frame, columns: Sequence[int], lengths: Array, stddev: Array) -> Scene:
    """Return the scene of a frame: its animals and its predictions, both without unseen ones, matched.

    Args:
        truth: the animals, with all nodes.
        predicted: the predictions, with the same nodes.
        columns: the nodes that are compared.
        lengths: (animals,) body lengths.
        stddev: of these nodes, for `oks`.
    """
    true, other = truth.points[:, columns], predicted.points[:, columns]
    distance = np.sqrt(squared_distances(true, other))
    # Poses without a node in common have no distance and cannot be a pair.
    apart = np.nan_to_num(row_medians(distance), nan=np.inf)
    found, by = np.array(match_nearest(apart, FOUND_WITHIN * lengths[:, None]), int).reshape(-1, 2).T
    similarity = oks(true, other, areas=box_areas(truth.points), stddev=stddev)
    scores = predicted.point_scores
    return Scene(
        video=truth.video,
        frame_idx=truth.frame_idx,
        truth=true,
        predicted=other,
        scores=predicted.scores,
        lengths=lengths,
        hits=hits_at_thresholds(similarity, predicted.scores, MATCH_THRESHOLDS),
        found=found,
        by=by,
        distance=distance[found, by],
        similarity=similarity[found, by],
        point_scores=np.full((len(by), len(columns)), np.nan) if scores is None else scores[by][:, columns],
    )


def joined(scenes: Sequence[Scene], name: str) -> Array:
    """Return a field of all scenes, such as the distances of all pairs, one after the other."""
    return np.concatenate([getattr(scene, name) for scene in scenes])


def counts(scenes: Sequence[Scene]) -> tuple[Array, Array, Array]:
    """Return the numbers of animals, of predictions and of animals found in each scene (scenes,)."""
    truth, predicted, found = ([len(getattr(s, name)) for s in scenes] for name in ("truth", "predicted", "found"))
    return np.array(truth), np.array(predicted), np.array(found)


def instance_counts(scenes: Sequence[Scene]) -> dict[str, Any]:
    """Return how many animals and predictions there are in scenes, and how many of them found each other."""
    truth, predicted, found = (int(number.sum()) for number in counts(scenes))
    return {
        "instances.truth": truth,
        "instances.predicted": predicted,
        "instances.found": found,
        "instances.missed": truth - found,
        "instances.extra": predicted - found,
        "instances.precision": found / predicted if predicted else np.nan,
        "instances.recall": found / truth if truth else np.nan,
    }


def mean_similarity(scenes: Sequence[Scene]) -> float:
    """Return the mean OKS of all animals in scenes, 0 for a missed one; NaN if there is no animal."""
    animals = sum(len(scene.truth) for scene in scenes)
    return float(joined(scenes, "similarity").sum() / animals) if animals else float("nan")
