"""How good a trained network is on each part of the split, and a few examples to look at."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.evaluation.detection import detection_metrics
from antpipe.evaluation.frames import Frame
from antpipe.evaluation.strict import strict_metrics
from antpipe.geometry import Array, centroids
from antpipe.inference.topdown import CentroidFinder, Centroids, NodeFinder
from antpipe.models.folder import TrainedModel
from antpipe.poses import Skeleton
from antpipe.training.samples import LabelledFrame

RADII = (2.0, 5.0, 10.0, 20.0)
"""Pixels within which a centroid counts as found."""


class Assessment(NamedTuple):
    """Metrics, and what they were made from."""

    metrics: dict[str, Any]
    truth: list[Array]
    """Per frame (instances, nodes, 2) in pixels of the video; a centroid is one node"""
    predicted: list[Array]
    """As `truth`"""


def assess(model: TrainedModel, frames: Sequence[LabelledFrame], skeleton: Skeleton) -> Assessment:
    """Return metrics over labelled frames, with the true and predicted points of each frame.

    A centroid model is judged by distance of centroids; a centered_instance model by the nodes it finds in crops
    around the true centroids, so that both are judged for their own work alone.
    """
    anchor = model.spec.config.head.anchor_part
    true_centroids = [centroids(f.points, None if anchor is None else skeleton.nodes.index(anchor)) for f in frames]
    if model.spec.model_type == "centroid":
        return _assess_centroids(model, frames, true_centroids)
    return _assess_nodes(model, frames, true_centroids, skeleton)


def _assess_centroids(model: TrainedModel, frames: Sequence[LabelledFrame], true_centroids: list[Array]) -> Assessment:
    finder = CentroidFinder.of(model, PredictConfig())
    found = [finder.find([finder.prepare(frame.image)])[0] for frame in frames]
    points, scores = [f.points for f in found], [f.scores for f in found]
    metrics = detection_metrics(true_centroids, points, radii=RADII, scores=scores)
    metrics = {"mode": "centroids", "frames": len(frames), **metrics}
    return Assessment(metrics, [at[:, None] for at in true_centroids], [at[:, None] for at in points])


def _assess_nodes(
    model: TrainedModel, frames: Sequence[LabelledFrame], true_centroids: list[Array], skeleton: Skeleton
) -> Assessment:
    finder = NodeFinder.of(model, PredictConfig())
    nodes = [skeleton.nodes.index(name) for name in model.spec.skeleton.nodes]
    truth, predicted = [], []
    for frame, at in zip(frames, true_centroids, strict=True):
        at = at[~np.isnan(at).any(axis=-1)]
        found = finder.find([finder.prepare(frame.image)], [Centroids(at, np.ones(len(at)))])[0]
        truth.append(_frame(frame, frame.points[:, nodes], np.ones(len(frame.points))))
        predicted.append(_frame(frame, found.points, found.point_scores.mean(axis=1), found.point_scores))
    metrics = strict_metrics(truth, predicted, nodes=model.spec.skeleton.nodes)
    metrics = {"mode": "strict, crops around true centroids", **metrics}
    return Assessment(metrics, [f.points for f in truth], [f.points for f in predicted])


def _frame(frame: LabelledFrame, points: Array, scores: Array, point_scores: Array | None = None) -> Frame:
    return Frame(video=frame.video, frame_idx=frame.frame_idx, points=points, scores=scores, point_scores=point_scores)
