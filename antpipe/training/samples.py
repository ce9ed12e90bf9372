"""Labelled frames as training samples, decoded once and kept as uint8."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from antpipe.errors import ConfigError
from antpipe.geometry import Array, bounding_boxes, centroids
from antpipe.models.inputs import crop_image, scale_image, to_channels
from antpipe.models.spec import ModelSpec
from antpipe.training.augment import reach


@dataclass(frozen=True, kw_only=True)
class LabelledFrame:
    """One labelled frame of a video."""

    video: str
    frame_idx: int
    image: Array
    """(height, width, channels) uint8"""
    points: Array
    """(instances, nodes, 2) in pixels of the image; NaN where not visible"""
    tracks: tuple[str | None, ...] = ()
    """Which animal each instance is, where the labels say so; empty if they do for none."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one training step draws from: an image, the points to be found in it, and where its middle is."""

    image: Array
    points: Array
    """(instances, nodes, 2) in pixels of the image; a centroid is a single node"""
    classes: Array
    """(instances,) which animal each instance is, -1 where it is not known"""
    centre: Array
    """(2,) the point that comes to the middle of the crop"""
    video: str
    """The video that it is from"""


def scaled(frame: LabelledFrame, spec: ModelSpec) -> LabelledFrame:
    """Return a frame with the channels and the scale of a model's input; its points move along."""
    image = scale_image(to_channels(frame.image, spec.config.input.channels), spec.input_size(frame.size))
    points = spec.input_transform(frame.size)(frame.points.astype(np.float64))
    return replace(frame, image=image, points=points)


def centroid_samples(frames: Iterable[LabelledFrame], anchor: int | None) -> list[Sample]:
    """Return one sample per scaled frame: all of it, with the centroids of its animals as their only node."""
    return [_frame_sample(f, centroids(f.points, anchor)[:, None], ()) for f in frames]


def frame_samples(frames: Iterable[LabelledFrame], spec: ModelSpec, nodes: list[int]) -> list[Sample]:
    """Return one sample per scaled frame: all of it, with the given nodes of its animals."""
    return [_frame_sample(f, f.points[:, nodes], spec.classes) for f in frames]


def instance_samples(
    frames: Iterable[LabelledFrame], spec: ModelSpec, anchor: int | None, nodes: list[int]
) -> list[Sample]:
    """Return one sample per animal of the scaled frames: a patch as large as augmentation may reach, and its nodes."""
    radius = reach(spec.config.augmentation, spec.crop_size or 0)
    return [
        _instance_sample(frame, points[nodes], number, centre, radius)
        for frame in frames
        for points, number, centre in zip(
            frame.points, class_indices(frame, spec.classes), centroids(frame.points, anchor), strict=True
        )
        if not np.isnan(centre).any()
    ]


def class_indices(frame: LabelledFrame, classes: Sequence[str]) -> Array:
    """Return which of the classes each instance (instances,) is, -1 where its track is none of them."""
    tracks = frame.tracks or (None,) * len(frame.points)
    return np.array([classes.index(track) if track in classes else -1 for track in tracks], np.int64)


def _frame_sample(frame: LabelledFrame, points: Array, classes: Sequence[str]) -> Sample:
    centre = (np.array(frame.size) - 1) / 2
    return Sample(
        image=frame.image, points=points, classes=class_indices(frame, classes), centre=centre, video=frame.video
    )


def _instance_sample(frame: LabelledFrame, points: Array, number: int, centre: Array, radius: int) -> Sample:
    # A copy, so that a patch of a 4K frame does not keep the whole frame in memory.
    corner = np.floor(centre).astype(int) - radius
    patch = crop_image(frame.image, int(corner[0]), int(corner[1]), 2 * radius + 1).copy()
    return Sample(
        image=patch,
        points=(points - corner)[None],
        classes=np.array([number]),
        centre=centre - corner,
        video=frame.video,
    )


def find_crop_size(frames: Iterable[LabelledFrame], padding: int, max_stride: int) -> int:
    """Return the side of a crop that holds the longest animal of the (scaled) frames plus `padding`.

    A multiple of `max_stride`, as in SLEAP: `ceil((longest side of a bounding box + padding) / stride) * stride`.
    """
    boxes = np.concatenate([bounding_boxes(f.points) for f in frames])
    longest = float(np.nanmax(boxes[:, 2:] - boxes[:, :2]))
    return int(np.ceil((longest + padding) / max_stride)) * max_stride


def check_crop_size(crop_size: int, frames: Iterable[LabelledFrame]) -> None:
    """Raise ConfigError where a crop is larger than a (scaled) frame in both directions."""
    for frame in frames:
        if crop_size > max(frame.size):
            raise ConfigError(
                f"input.crop_size {crop_size} is larger than the frames of {frame.video} "
                f"({frame.size[0]}x{frame.size[1]} after scaling); give a crop_size below {max(frame.size)}"
            )


def nodes_outside(samples: list[Sample], crop_size: int) -> float:
    """Return the fraction of visible nodes that lie outside of a crop of `crop_size` around their animal."""
    distance = np.concatenate([np.abs(s.points - s.centre).max(axis=-1).ravel() for s in samples])
    visible = ~np.isnan(distance)
    return float((distance[visible] > crop_size / 2).mean()) if visible.any() else 0.0
