"""Pose metrics in which everything counts: false detections, missed animals, and frames without a prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antpipe.evaluation.body import body_lengths, median
from antpipe.evaluation.curves import MATCH_THRESHOLDS, RECALL_THRESHOLDS, average_precision
from antpipe.evaluation.detection import RADII, detection_metrics
from antpipe.evaluation.frames import Frame, frame_counts, pair_all_frames, seen_instances
from antpipe.evaluation.match import hits_at_thresholds, match_nearest, order_by_score
from antpipe.evaluation.oks import box_areas, oks
from antpipe.evaluation.sleap_metrics import PCK_THRESHOLDS, distance_summary, visibility
from antpipe.geometry import Array, centroids

FOUND_WITHIN = 0.5
"""An animal is found if half of its nodes lie within this part of its body length."""
BODY_THRESHOLDS = (0.05, 0.1, 0.2)
"""Of the body length, for PCK."""


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """One labelled frame, what was predicted in it, and which is which."""

    truth: Array
    predicted: Array
    scores: Array
    lengths: Array
    """(truth,) body lengths"""
    similarity: Array
    """(truth, predicted) OKS"""
    pairs: list[tuple[int, int]]
    """Found animals, each with its prediction."""


def strict_metrics(
    truth: Sequence[Frame],
    predicted: Sequence[Frame],
    *,
    nodes: Sequence[str],
    compared: Sequence[str] | None = None,
    body: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Return pose metrics over all true frames; in a frame without prediction all animals were missed.

    `nodes` names the nodes of both sides, and `compared` those that count (None: all); the others only give the animal
    its size. Instances without a visible node are left out on both sides. Two ways of matching are used:

    - `oks_voc.*` is COCO's average precision at ten OKS thresholds: predictions choose by score, at each threshold
      afresh, and one that reaches no free animal is a false positive.
    - All else rests on pairs of an animal and its nearest prediction, one to one, if half of the nodes that both have
      lie within half a body length. So wrong legs show as errors of legs, not as a missed animal.

    `dist.*` are pixels, `dist.body.*` fractions of the body length: the distance between the two nodes `body`, else
    the longest side of the box around the animal. `pck.*` and `nodes` are over the visible nodes of found animals;
    `oks.mOKS` is over all animals, 0 for a missed one. `detection.*` compares middles of boxes, see
    `detection_metrics`.
    """
    compared = nodes if compared is None else compared
    columns = [list(nodes).index(node) for node in compared]
    ends = None if body is None else (list(nodes).index(body[0]), list(nodes).index(body[1]))
    frames = [(seen_instances(t, columns), seen_instances(p, columns)) for t, p in pair_all_frames(truth, predicted)]
    lengths = body_lengths([t.points for t, _ in frames], ends)
    scenes = [_compare(t, p, columns, length) for (t, p), length in zip(frames, lengths, strict=True)]
    return {
        **frame_counts(truth, predicted),
        **_instance_counts(scenes),
        "body_length.median": median(np.concatenate(lengths)),
        "body_length.is": "longest side of the box around the animal" if body is None else f"{body[0]} to {body[1]}",
        **_pair_metrics(scenes, compared),
        **_curves(scenes),
        **_detection(scenes),
    }


def _compare(truth: Frame, predicted: Frame, columns: list[int], lengths: Array) -> _Scene:
    true, other = truth.points[:, columns], predicted.points[:, columns]
    distance = np.linalg.norm(true[:, None] - other[None], axis=-1)
    # Poses without a node in common have no distance and cannot be a pair.
    apart = np.where(np.isnan(distance).all(axis=-1), np.inf, median(distance, axis=-1))
    return _Scene(
        truth=true,
        predicted=other,
        scores=predicted.scores,
        lengths=lengths,
        similarity=oks(true, other, areas=box_areas(truth.points)),
        pairs=match_nearest(apart, FOUND_WITHIN * lengths[:, None]),
    )


def _instance_counts(scenes: Sequence[_Scene]) -> dict[str, Any]:
    truth, predicted, found = (sum(len(getattr(s, name)) for s in scenes) for name in ("truth", "predicted", "pairs"))
    return {
        "instances.truth": truth,
        "instances.predicted": predicted,
        "instances.found": found,
        "instances.missed": truth - found,
        "instances.extra": predicted - found,
        "instances.precision": found / predicted if predicted else np.nan,
        "instances.recall": found / truth if truth else np.nan,
    }


def _pair_metrics(scenes: Sequence[_Scene], nodes: Sequence[str]) -> dict[str, Any]:
    pairs = [(s, i, j) for s in scenes for i, j in s.pairs]
    truth = np.array([s.truth[i] for s, i, _ in pairs]).reshape(-1, len(nodes), 2)
    predicted = np.array([s.predicted[j] for s, _, j in pairs]).reshape(-1, len(nodes), 2)
    lengths = np.array([s.lengths[i] for s, i, _ in pairs])
    distance = np.linalg.norm(predicted - truth, axis=-1)
    relative = distance / lengths[:, None]
    visible = ~np.isnan(truth).any(axis=-1)
    animals = sum(len(s.truth) for s in scenes)
    return {
        **visibility(truth, predicted),
        **{f"dist.{name}": value for name, value in distance_summary(distance).items()},
        **{f"dist.body.{name}": value for name, value in distance_summary(relative).items()},
        "pck.thresholds": PCK_THRESHOLDS,
        "pck.mPCK_parts": [_pck(distance[:, n], visible[:, n]) for n in range(len(nodes))],
        "pck.mPCK": _pck(distance, visible),
        "pck.body.thresholds": BODY_THRESHOLDS,
        "pck.body.pcks": _share_below(relative, visible, BODY_THRESHOLDS),
        "nodes": {n: _node(distance[:, i], relative[:, i], visible[:, i]) for i, n in enumerate(nodes)},
        "oks.mOKS": sum(s.similarity[i, j] for s, i, j in pairs) / animals if animals else np.nan,
    }


def _node(distance: Array, relative: Array, visible: Array) -> dict[str, Any]:
    return {
        "visible": int(visible.sum()),
        "lost": int((visible & np.isnan(distance)).sum()),
        **distance_summary(distance),
        "body.avg": distance_summary(relative)["avg"],
        "body.p50": distance_summary(relative)["p50"],
        "body.pcks": _share_below(relative, visible, BODY_THRESHOLDS),
    }


def _pck(distance: Array, visible: Array) -> float:
    return float(_share_below(distance, visible, PCK_THRESHOLDS).mean())


def _share_below(distance: Array, visible: Array, thresholds: Sequence[float] | Array) -> Array:
    """Return the share of visible points whose distance is below each threshold; a lost point (NaN) is above all."""
    if not visible.any():
        return np.full(len(thresholds), np.nan)
    return np.array([(distance[visible] < threshold).mean() for threshold in thresholds])


def _curves(scenes: Sequence[_Scene]) -> dict[str, Any]:
    hits = [hits_at_thresholds(s.similarity, s.scores, MATCH_THRESHOLDS) for s in scenes]
    order = order_by_score(np.concatenate([s.scores for s in scenes]))
    curves = average_precision(np.concatenate(hits, axis=1)[:, order], sum(len(s.truth) for s in scenes))
    values = {"match_score_thresholds": MATCH_THRESHOLDS, "recall_thresholds": RECALL_THRESHOLDS, **curves}
    return {f"oks_voc.{name}": value for name, value in values.items()}


def _detection(scenes: Sequence[_Scene]) -> dict[str, Any]:
    unit = median(np.concatenate([s.lengths for s in scenes]))
    truth, predicted = ([centroids(getattr(s, name)) for s in scenes] for name in ("truth", "predicted"))
    return detection_metrics(truth, predicted, radii=[share * unit for share in RADII])
