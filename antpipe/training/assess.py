"""How good a trained network is on each part of the split, and a few examples to look at."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.evaluation.classes import class_metrics
from antpipe.evaluation.detection import detection_metrics
from antpipe.evaluation.frames import Frame
from antpipe.evaluation.strict import strict_metrics
from antpipe.geometry import Array, centroids
from antpipe.inference.predictor import PREDICTORS, Found
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

    A centroid model is judged by distance of centroids; a model of crops by the nodes it finds in crops around the true
    centroids, so that both are judged for their own work alone; a model of whole frames by all it finds. Models that
    tell animals apart are judged for the names as well.
    """
    kind = MODEL_TYPES[model.spec.model_type]
    anchor = model.spec.config.head.anchor_part
    true_centroids = [centroids(f.points, None if anchor is None else skeleton.nodes.index(anchor)) for f in frames]
    if not kind.nodes:
        return _assess_centroids(model, frames, true_centroids)
    if kind.crops:
        found = _in_true_crops(model, frames, true_centroids)
        return _assess_nodes(model, frames, found, skeleton, "strict, crops around true centroids")
    predictor = PREDICTORS[model.spec.model_type]({model.spec.model_type: model}, PredictConfig())
    found = [predictor.find([predictor.prepare(frame.image)])[0] for frame in frames]
    return _assess_nodes(model, frames, found, skeleton, "strict")


def _assess_centroids(model: TrainedModel, frames: Sequence[LabelledFrame], true_centroids: list[Array]) -> Assessment:
    finder = CentroidFinder.of(model, PredictConfig())
    found = [finder.find([finder.prepare(frame.image)])[0] for frame in frames]
    points, scores = [f.points for f in found], [f.scores for f in found]
    metrics = detection_metrics(true_centroids, points, radii=RADII, scores=scores)
    metrics = {"mode": "centroids", "frames": len(frames), **metrics}
    return Assessment(metrics, [at[:, None] for at in true_centroids], [at[:, None] for at in points])


def _in_true_crops(model: TrainedModel, frames: Sequence[LabelledFrame], true_centroids: list[Array]) -> list[Found]:
    """Return what a model of crops finds around the true centroids; an instance's score is the mean of its nodes'."""
    finder = NodeFinder.of(model, PredictConfig())
    known = [at[~np.isnan(at).any(axis=-1)] for at in true_centroids]
    found = [
        finder.find([finder.prepare(frame.image)], [Centroids(at, np.ones(len(at)))])[0]
        for frame, at in zip(frames, known, strict=True)
    ]
    return [f._replace(instance_scores=f.point_scores.mean(axis=1)) for f in found]


def _assess_nodes(
    model: TrainedModel, frames: Sequence[LabelledFrame], found: Sequence[Found], skeleton: Skeleton, mode: str
) -> Assessment:
    nodes = [skeleton.nodes.index(name) for name in model.spec.skeleton.nodes]
    truth = [_frame(f, f.points[:, nodes], np.ones(len(f.points)), tracks=f.tracks) for f in frames]
    pairs = zip(frames, found, strict=True)
    predicted = [_frame(f, seen.points, seen.instance_scores, seen.point_scores, seen.tracks) for f, seen in pairs]
    metrics = {"mode": mode, **strict_metrics(truth, predicted, nodes=model.spec.skeleton.nodes)}
    if model.spec.classes:
        metrics |= class_metrics(truth, predicted, model.spec.classes)
    return Assessment(metrics, [f.points for f in truth], [f.points for f in predicted])


def _frame(
    frame: LabelledFrame,
    points: Array,
    scores: Array,
    point_scores: Array | None = None,
    tracks: Sequence[str | None] | None = None,
) -> Frame:
    return Frame(
        video=frame.video,
        frame_idx=frame.frame_idx,
        points=points,
        scores=scores,
        tracks=tuple(tracks or ()),
        point_scores=point_scores,
    )
