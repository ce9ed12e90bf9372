"""Pose metrics in which everything counts: false detections, missed animals, and frames without a prediction."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from antpipe.evaluation.body import body_lengths, median
from antpipe.evaluation.bootstrap import SEED
from antpipe.evaluation.breakdown import per_frame, per_video
from antpipe.evaluation.calibration import calibration
from antpipe.evaluation.curves import MATCH_THRESHOLDS, RECALL_THRESHOLDS, average_precision
from antpipe.evaluation.detection import RADII, detection_metrics
from antpipe.evaluation.frames import Frame, frame_counts, pair_all_frames, seen_instances
from antpipe.evaluation.intervals import intervals
from antpipe.evaluation.match import order_by_score
from antpipe.evaluation.oks import STDDEV
from antpipe.evaluation.scene import Scene, instance_counts, joined, make_scene, mean_similarity
from antpipe.evaluation.sleap_metrics import PCK_THRESHOLDS, distance_summary, visibility
from antpipe.geometry import Array, centroids

BODY_THRESHOLDS = (0.05, 0.1, 0.2)
"""Of the body length, for PCK."""


def strict_metrics(
    truth: Sequence[Frame],
    predicted: Sequence[Frame],
    *,
    nodes: Sequence[str],
    compared: Sequence[str] | None = None,
    body: tuple[str, str] | None = None,
    deviations: Mapping[str, float] | None = None,
    seed: int = SEED,
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
    `detection_metrics`. `deviations` are the spreads of labels by node for OKS, see `oks`; SLEAP's for all others.
    More is in `per_video`, `per_frame`, `calibration` and `intervals`; `seed` is that of the latter's resampling.
    """
    compared = nodes if compared is None else compared
    columns = [list(nodes).index(node) for node in compared]
    ends = None if body is None else (list(nodes).index(body[0]), list(nodes).index(body[1]))
    spread = {node: (deviations or {}).get(node, STDDEV) for node in compared}
    stddev = np.array(list(spread.values()))
    frames = [(seen_instances(t, columns), seen_instances(p, columns)) for t, p in pair_all_frames(truth, predicted)]
    lengths = body_lengths([t.points for t, _ in frames], ends)
    scenes = [make_scene(t, p, columns, length, stddev) for (t, p), length in zip(frames, lengths, strict=True)]
    return {
        **frame_counts(truth, predicted),
        **instance_counts(scenes),
        "body_length.median": median(np.concatenate(lengths)),
        "body_length.is": "longest side of the box around the animal" if body is None else f"{body[0]} to {body[1]}",
        "oks.deviations": spread,
        **_pair_metrics(scenes, compared),
        **_curves(scenes),
        **_detection(scenes),
        **calibration(scenes),
        **intervals(scenes, seed),
        "per_video": per_video(scenes),
        "per_frame": per_frame(scenes),
    }


def _pair_metrics(scenes: Sequence[Scene], nodes: Sequence[str]) -> dict[str, Any]:
    truth = np.concatenate([s.truth[s.found] for s in scenes])
    predicted = np.concatenate([s.predicted[s.by] for s in scenes])
    lengths = np.concatenate([s.lengths[s.found] for s in scenes])
    distance = joined(scenes, "distance")
    relative = distance / lengths[:, None]
    visible = ~np.isnan(truth).any(axis=-1)
    return {
        **visibility(truth, predicted),
        **{f"dist.{name}": value for name, value in distance_summary(distance).items()},
        **{f"dist.body.{name}": value for name, value in distance_summary(relative).items()},
        "pck.thresholds": PCK_THRESHOLDS,
        "pck.mPCK_parts": [_pck(distance[:, n], visible[:, n]) for n in range(len(nodes))],
        "pck.mPCK": _pck(distance, visible),
        "pck.body.thresholds": BODY_THRESHOLDS,
        "pck.body.pcks": _share_below(relative, visible, BODY_THRESHOLDS),
        "nodes": {node: _node(truth[:, n], predicted[:, n], lengths) for n, node in enumerate(nodes)},
        "oks.mOKS": mean_similarity(scenes),
    }


def _node(truth: Array, predicted: Array, lengths: Array) -> dict[str, Any]:
    distance = np.linalg.norm(predicted - truth, axis=-1)
    relative = distance / lengths
    confusion = visibility(truth, predicted)
    return {
        "visible": confusion["vis.tp"] + confusion["vis.fn"],
        "lost": confusion["vis.fn"],
        **{name: confusion[f"vis.{name}"] for name in ("tp", "fp", "tn", "fn")},
        **distance_summary(distance),
        "body.avg": distance_summary(relative)["avg"],
        "body.p50": distance_summary(relative)["p50"],
        "body.pcks": _share_below(relative, np.asarray(~np.isnan(truth).any(axis=-1)), BODY_THRESHOLDS),
    }


def _pck(distance: Array, visible: Array) -> float:
    return float(_share_below(distance, visible, PCK_THRESHOLDS).mean())


def _share_below(distance: Array, visible: Array, thresholds: Sequence[float] | Array) -> Array:
    """Return the share of visible points whose distance is below each threshold; a lost point (NaN) is above all."""
    if not visible.any():
        return np.full(len(thresholds), np.nan)
    return np.array([(distance[visible] < threshold).mean() for threshold in thresholds])


def _curves(scenes: Sequence[Scene]) -> dict[str, Any]:
    hits = np.concatenate([s.hits for s in scenes], axis=1)[:, order_by_score(joined(scenes, "scores"))]
    curves = average_precision(hits, sum(len(s.truth) for s in scenes))
    values = {"match_score_thresholds": MATCH_THRESHOLDS, "recall_thresholds": RECALL_THRESHOLDS, **curves}
    return {f"oks_voc.{name}": value for name, value in values.items()}


def _detection(scenes: Sequence[Scene]) -> dict[str, Any]:
    unit = median(joined(scenes, "lengths"))
    truth, predicted = ([centroids(getattr(s, name)) for s in scenes] for name in ("truth", "predicted"))
    return detection_metrics(
        truth, predicted, radii=[share * unit for share in RADII], scores=[s.scores for s in scenes]
    )
