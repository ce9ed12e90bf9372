"""Top-down prediction: centroids on the whole frame, then the nodes within a crop around each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.geometry import Array, Transform, cell_transform, crop_origins, crop_transform
from antpipe.inference.engine import Engine, make_engine
from antpipe.inference.peaks import (
    Peaks,
    find_global_peaks,
    find_local_peaks,
    refine_gaussian,
    refine_integral,
    refine_offsets,
)
from antpipe.models.build import HEAD_NAMES, OFFSET_HEAD
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


class Found(NamedTuple):
    """The animals of one frame, in pixels of the video."""

    points: Array
    """(instances, nodes, 2); NaN where a node is not visible"""
    point_scores: Array
    """(instances, nodes)"""
    instance_scores: Array
    """(instances,), the confidence of the centroid"""


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
        return cls(model.spec, make_engine(model.network, _heads(model.spec, config)), config)

    def prepare(self, image: Array) -> Prepared:
        """Return a video frame (height, width, channels) as the network's input."""
        prepared = prepare(image, self.spec)
        return Prepared(prepared.size, pad_image(prepared.image, self.spec.config.backbone.max_stride))

    def find(self, frames: Sequence[Prepared]) -> list[Centroids]:
        """Return the centroids of each frame of a batch; all frames have one size."""
        maps = self.run(np.stack([frame.image for frame in frames]))
        return [self._centroids(frame.size, maps[i : i + 1]) for i, frame in enumerate(frames)]

    def _centroids(self, size: tuple[int, int], maps: Array) -> Centroids:
        peaks = find_local_peaks(maps[..., :1], self.config.centroid_threshold)
        cells = _refine(self.spec, self.config, maps, peaks)
        points = cell_transform(self.spec.stride).then(self.spec.input_transform(size).inverse())(cells)
        order = np.argsort(-peaks.value, kind="stable")[: self.config.max_instances]
        return Centroids(points[order], peaks.value[order])


@dataclass(frozen=True)
class NodeFinder:
    """A centered-instance network, ready to run."""

    spec: ModelSpec
    run: Engine
    config: PredictConfig

    @classmethod
    def of(cls, model: TrainedModel, config: PredictConfig) -> "NodeFinder":
        """Return a trained model, made fast."""
        return cls(model.spec, make_engine(model.network, _heads(model.spec, config)), config)

    def prepare(self, image: Array) -> Prepared:
        """Return a video frame (height, width, channels) from which crops can be cut."""
        return prepare(image, self.spec)

    def find(self, frames: Sequence[Prepared], centroids: Sequence[Centroids]) -> list[Found]:
        """Return the animals around the given centroids of each frame; crops of all frames share batches."""
        crops = [self.cut(f, at) for f, c in zip(frames, centroids, strict=True) for at in c.points]
        points, scores = self._nodes([crop.image for crop in crops])
        for row, crop in enumerate(crops):
            points[row] = crop.to_video(points[row])
        stops = np.cumsum([len(c.points) for c in centroids])
        return [
            self._found(points[stop - len(c.points) : stop], scores[stop - len(c.points) : stop], c.scores)
            for stop, c in zip(stops, centroids, strict=True)
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

    def _nodes(self, crops: Sequence[Array]) -> tuple[Array, Array]:
        """Return the nodes (crops, nodes, 2) in pixels of their crops, and their confidence (crops, nodes)."""
        nodes = self.spec.maps
        points, scores = np.zeros((len(crops), nodes, 2)), np.zeros((len(crops), nodes))
        parts = -(-len(crops) // self.config.crop_batch_size)
        for rows in np.array_split(np.arange(len(crops)), parts) if parts else []:
            maps = self.run(np.stack([crops[row] for row in rows]))
            peaks = find_global_peaks(maps[..., :nodes])
            cells = _refine(self.spec, self.config, maps, peaks)
            points[rows] = cell_transform(self.spec.stride)(cells).reshape(-1, nodes, 2)
            scores[rows] = peaks.value.reshape(-1, nodes)
        if self.config.geometry == "sleap":
            points = SLEAP_SHIFT(points)
        points[scores < self.config.peak_threshold] = np.nan
        return points, scores

    def _found(self, points: Array, scores: Array, certainty: Array) -> Found:
        kept = [row for row in range(len(points)) if not np.isnan(points[row]).all()]
        if self.config.min_distance:
            kept = _distinct(points, kept, self.config.min_distance)
        return Found(points[kept], scores[kept], certainty[kept])


def prepare(image: Array, spec: ModelSpec) -> Prepared:
    """Return a video frame (height, width, channels) with the channels and the scale that a model was trained on."""
    size = (image.shape[1], image.shape[0])
    return Prepared(size, scale_image(to_channels(image, spec.config.input.channels), spec.input_size(size)))


def _heads(spec: ModelSpec, config: PredictConfig) -> list[str]:
    """Return the heads that the geometry needs."""
    offsets = [OFFSET_HEAD] if spec.offset_head and config.geometry == "sleap" else []
    return [HEAD_NAMES[spec.model_type], *offsets]


def _refine(spec: ModelSpec, config: PredictConfig, maps: Array, peaks: Peaks) -> Array:
    """Return the peaks (peaks, 2) to a fraction of a cell."""
    if config.geometry == "exact":
        return refine_gaussian(maps, peaks)
    if spec.offset_head:
        return refine_offsets(maps[..., spec.maps :], peaks)
    return refine_integral(maps, peaks)


def _distinct(points: Array, rows: list[int], min_distance: float) -> list[int]:
    """Return the rows, most confident first, whose nodes lie farther than `min_distance` from those before."""
    kept: list[int] = []
    for row in rows:
        distances = [np.linalg.norm(points[row] - points[other], axis=-1) for other in kept]
        if all(np.isnan(d).all() or np.nanmean(d) >= min_distance for d in distances):
            kept.append(row)
    return kept
