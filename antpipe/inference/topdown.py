"""The two halves of top-down prediction: centroids on the whole frame, and nodes within a crop around each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.geometry import Array, Transform, cell_transform, crop_origins, crop_transform
from antpipe.inference.classes import name_animals
from antpipe.inference.engine import Engine, make_engine
from antpipe.inference.peaks import (
    Peaks,
    find_global_peaks,
    find_local_peaks,
    refine_gaussian,
    refine_integral,
    refine_offsets,
)
from antpipe.inference.predictor import Found
from antpipe.models.folder import TrainedModel
from antpipe.models.inputs import crop_between_pixels, crop_image, pad_image, scale_image, to_channels
from antpipe.models.spec import ModelSpec

SLEAP_SHIFT = Transform(offset=(-0.5, -0.5))
"""SLEAP adds centroid - S/2 back although its crop starts at centroid - (S - 1)/2; only `geometry: sleap` copies it."""


class Prepared(NamedTuple):
    """A video frame scaled for one network."""

    size: tuple[int, int]
    """Width and height of the video frame."""
    image: Array
    """(height, width, channels) uint8"""


class Centroids(NamedTuple):
    """The centroids of one frame, in pixels of the video, most confident first."""

    points: Array
    """(instances, 2)"""
    scores: Array
    """(instances,)"""


class Crop(NamedTuple):
    """The surroundings of one animal."""

    image: Array
    to_video: Transform
    """From pixels of the crop to pixels of the video."""


@dataclass(frozen=True)
class CentroidFinder:
    """A centroid network, ready to run."""

    spec: ModelSpec
    run: Engine
    config: PredictConfig

    @classmethod
    def of(cls, model: TrainedModel, config: PredictConfig) -> "CentroidFinder":
        """Return a trained model, made fast."""
        return cls(model.spec, make_engine(model, map_heads(model.spec, config)), config)

    def prepare(self, image: Array) -> Prepared:
        """Return a video frame (height, width, channels) as the network's input."""
        prepared = prepare(image, self.spec)
        return Prepared(prepared.size, pad_image(prepared.image, self.spec.config.backbone.max_stride))

    def find(self, frames: Sequence[Prepared]) -> list[Centroids]:
        """Return the centroids of each frame of a batch; all frames have one size."""
        outputs = self.run(np.stack([frame.image for frame in frames]))
        peaks = find_local_peaks(outputs[0], self.config.centroid_threshold)
        to_video = cell_transform(self.spec.stride).then(self.spec.input_transform(frames[0].size).inverse())
        points = to_video(refine(self.config, outputs, peaks))
        return [self._of_frame(i, points, peaks) for i in range(len(frames))]

    def _of_frame(self, number: int, points: Array, peaks: Peaks) -> Centroids:
        own = np.flatnonzero(peaks.sample == number)
        order = own[np.argsort(-peaks.value[own], kind="stable")][: self.config.max_instances]
        return Centroids(points[order], peaks.value[order])


@dataclass(frozen=True)
class NodeFinder:
    """A network of crops, ready to run: one of centered instances, or one that also tells animals apart."""

    spec: ModelSpec
    run: Engine
    config: PredictConfig

    @classmethod
    def of(cls, model: TrainedModel, config: PredictConfig) -> "NodeFinder":
        """Return a trained model, made fast."""
        heads = [*map_heads(model.spec, config), *MODEL_TYPES[model.spec.model_type].heads]
        return cls(model.spec, make_engine(model, heads), config)

    def prepare(self, image: Array) -> Prepared:
        """Return a video frame (height, width, channels) from which crops can be cut."""
        return prepare(image, self.spec)

    def find(self, frames: Sequence[Prepared], centroids: Sequence[Centroids]) -> list[Found]:
        """Return the animals around the given centroids of each frame; crops of all frames share batches."""
        crops = [self.cut(f, at) for f, c in zip(frames, centroids, strict=True) for at in c.points]
        points, scores, classes = self._nodes([crop.image for crop in crops])
        for row, crop in enumerate(crops):
            points[row] = crop.to_video(points[row])
        stops = np.cumsum([len(c.points) for c in centroids])
        rows = [slice(stop - len(c.points), stop) for stop, c in zip(stops, centroids, strict=True)]
        return [
            self._found(points[own], scores[own], classes[own], c.scores)
            for own, c in zip(rows, centroids, strict=True)
        ]

    def cut(self, frame: Prepared, at: Array) -> Crop:
        """Return the crop around a point (2,) of the video."""
        to_scaled = self.spec.input_transform(frame.size)
        size, centre = self.spec.crop_size or 0, to_scaled(at)
        if self.spec.from_sleap:
            # SLEAP trained on crops that lie between pixels, and networks fitted to few frames notice the difference.
            origin = centre - (size - 1) / 2
            image = crop_between_pixels(frame.image, float(origin[0]), float(origin[1]), size)
        else:
            origin = crop_origins(centre, size)
            image = crop_image(frame.image, int(origin[0]), int(origin[1]), size)
        return Crop(image, crop_transform(*origin).inverse().then(to_scaled.inverse()))

    def _nodes(self, crops: Sequence[Array]) -> tuple[Array, Array, Array]:
        """Return the nodes (crops, nodes, 2) in pixels of their crops, and their confidence (crops, nodes).

        And how likely each crop shows each animal that is told apart (crops, classes).
        """
        nodes = self.spec.maps
        points, scores = np.zeros((len(crops), nodes, 2)), np.zeros((len(crops), nodes))
        classes = np.zeros((len(crops), len(self.spec.classes)))
        parts = -(-len(crops) // (self.config.crop_batch_size or len(crops) or 1))
        for rows in np.array_split(np.arange(len(crops)), parts) if parts else []:
            outputs = self.run(np.stack([crops[row] for row in rows]))
            if self.spec.classes:
                *outputs, classes[rows] = outputs
            peaks = find_global_peaks(outputs[0])
            cells = refine(self.config, outputs, peaks)
            points[rows] = cell_transform(self.spec.stride)(cells).reshape(-1, nodes, 2)
            scores[rows] = peaks.value.reshape(-1, nodes)
        if self.config.geometry == "sleap":
            points = SLEAP_SHIFT(points)
        points[scores < self.config.peak_threshold] = np.nan
        return points, scores, classes

    def _found(self, points: Array, scores: Array, classes: Array, certainty: Array) -> Found:
        kept = [row for row in range(len(points)) if not np.isnan(points[row]).all()]
        if self.config.min_distance:
            kept = distinct(points, kept, self.config.min_distance)
        found = Found(points[kept], scores[kept], certainty[kept])
        if not self.spec.classes:
            return found
        return name_animals(found, classes[kept], self.spec.classes, as_sleap=self.config.geometry == "sleap")


def prepare(image: Array, spec: ModelSpec) -> Prepared:
    """Return a video frame (height, width, channels) with the channels and the scale that a model was trained on."""
    size = (image.shape[1], image.shape[0])
    return Prepared(size, scale_image(to_channels(image, spec.config.input.channels), spec.input_size(size)))


def map_heads(spec: ModelSpec, config: PredictConfig) -> list[str]:
    """Return the heads from which peaks are read: the confidence maps, and the offsets if the geometry uses them."""
    offsets = spec.config.head.offset_refinement and config.geometry == "sleap"
    return ["confidence_maps", "offset_refinement"] if offsets else ["confidence_maps"]


def refine(config: PredictConfig, outputs: Sequence[Array], peaks: Peaks) -> Array:
    """Return peaks (peaks, 2) to a fraction of a cell, from what `map_heads` gave."""
    if config.geometry == "exact":
        return refine_gaussian(outputs[0], peaks)
    if len(outputs) > 1:
        return refine_offsets(outputs[1], peaks)
    return refine_integral(outputs[0], peaks)


def distinct(points: Array, rows: list[int], min_distance: float) -> list[int]:
    """Return the rows, most confident first, whose nodes lie farther than `min_distance` from those before."""
    kept: list[int] = []
    for row in rows:
        distances = [np.linalg.norm(points[row] - points[other], axis=-1) for other in kept]
        if all(np.isnan(d).all() or np.nanmean(d) >= min_distance for d in distances):
            kept.append(row)
    return kept
