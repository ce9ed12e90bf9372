"""SLEAP's own metrics (`sleap.nn.evals`, 1.3.3), number for number.

They are kinder than they look: predictions that match nothing do not count, and neither do labelled frames without
a predicted frame. See `strict.py` for metrics in which both count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antpipe.evaluation.curves import MATCH_THRESHOLDS, RECALL_THRESHOLDS, average_precision
from antpipe.evaluation.frames import Frame, pair_frames
from antpipe.evaluation.match import match_greedily, order_by_score
from antpipe.evaluation.oks import oks
from antpipe.geometry import Array

PCK_THRESHOLDS = np.arange(1, 11).astype(float)
"""Pixels."""
PERCENTILES = (50, 75, 90, 95, 99)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Matched pairs of instances."""

    truth: Array
    """(pairs, nodes, 2)"""
    predicted: Array
    """(pairs, nodes, 2)"""
    scores: Array
    """(pairs,) of the predicted instances"""
    oks: Array
    """(pairs,)"""
    frames: list[Frame]
    """The true frame of each pair."""
    missed: int
    """True instances without a match."""


def sleap_metrics(truth: Sequence[Frame], predicted: Sequence[Frame]) -> dict[str, Any]:
    """Return the 38 entries of SLEAP's `metrics.npz`, under its names.

    Frames must come in the order of the true label file, videos first: centred models score every instance 1.0, and
    the order breaks the ties.
    """
    pairs = match_frames(truth, predicted)
    distance = np.linalg.norm(pairs.predicted - pairs.truth, axis=-1)
    pcks = distance[..., None] < PCK_THRESHOLDS
    # One mean after the other, as in SLEAP: the rounding decides which pairs reach a threshold such as 0.8.
    pair_pck = pcks.mean(axis=-1).mean(axis=-1)
    part_pck = _mean(pcks, axis=0).mean(axis=-1)
    return {
        **visibility(pairs.truth, pairs.predicted),
        "dist.frame_idxs": [frame.frame_idx for frame in pairs.frames],
        "dist.video_paths": [frame.video for frame in pairs.frames],
        "dist.dists": distance,
        **{f"dist.{name}": value for name, value in distance_summary(distance).items()},
        "pck.thresholds": PCK_THRESHOLDS,
        "pck.pcks": pcks,
        "pck.mPCK_parts": part_pck,
        "pck.mPCK": part_pck.mean(),
        "oks.mOKS": _mean(pairs.oks),
        **_curves("oks_voc", pairs.oks, pairs),
        **_curves("pck_voc", pair_pck, pairs),
    }


def match_frames(truth: Sequence[Frame], predicted: Sequence[Frame]) -> Pairs:
    """Return the pairs that SLEAP's greedy matching by score makes, frame by frame in the order of `truth`."""
    found: list[tuple[Frame, Frame, int, int, float]] = []
    missed = 0
    for true, other in pair_frames(truth, predicted):
        if other is None or not len(true.points):
            continue
        similarity = oks(true.points, other.points)
        pairs = match_greedily(similarity, other.scores)
        found += [(true, other, i, j, similarity[i, j]) for i, j in pairs]
        missed += len(true.points) - len(pairs)
    nodes = truth[0].points.shape[1] if truth else 0
    return Pairs(
        truth=np.array([t.points[i] for t, _, i, _, _ in found]).reshape(-1, nodes, 2),
        predicted=np.array([p.points[j] for _, p, _, j, _ in found]).reshape(-1, nodes, 2),
        scores=np.array([p.scores[j] for _, p, _, j, _ in found]),
        oks=np.array([similarity for *_, similarity in found]),
        frames=[t for t, *_ in found],
        missed=missed,
    )


def visibility(truth: Array, predicted: Array) -> dict[str, Any]:
    """Return how often nodes of matched pairs (pairs, nodes, 2) are visible in truth and prediction."""
    true, found = (~np.isnan(points).any(axis=-1) for points in (truth, predicted))
    tp, fp, tn, fn = (int(n.sum()) for n in (true & found, ~true & found, ~true & ~found, true & ~found))
    return {
        "vis.tp": tp,
        "vis.fp": fp,
        "vis.tn": tn,
        "vis.fn": fn,
        "vis.precision": tp / (tp + fp) if tp + fp else np.nan,
        "vis.recall": tp / (tp + fn) if tp + fn else np.nan,
    }


def distance_summary(distance: Array) -> dict[str, float]:
    """Return mean and percentiles of distances, NaN left out; all NaN if nothing is left."""
    known = distance[~np.isnan(distance)]
    values = [np.nan] * len(PERCENTILES) if not len(known) else np.percentile(known, PERCENTILES)
    summary = {f"p{q}": float(v) for q, v in zip(PERCENTILES, values, strict=True)}
    return {"avg": float(_mean(known)), **summary}


def _curves(prefix: str, match_scores: Array, pairs: Pairs) -> dict[str, Any]:
    match_scores = match_scores[order_by_score(pairs.scores)]
    curves = average_precision(match_scores >= MATCH_THRESHOLDS[:, None], len(match_scores) + pairs.missed)
    values = {
        "match_score_thresholds": MATCH_THRESHOLDS,
        "recall_thresholds": RECALL_THRESHOLDS,
        "match_scores": match_scores,
        **curves,
    }
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _mean(values: Array, axis: int | None = None) -> Any:
    return values.mean(axis=axis) if len(values) else np.full(values.shape[1:] if axis == 0 else (), np.nan)
