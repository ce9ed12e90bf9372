"""What labels tell about the animals: how long they are, and which of their nodes shows best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sleap_io as sio

from antpipe.geometry import Array, bounding_boxes, centroids
from antpipe.labels.read import labelled_frames, skeleton_of, user_points
from antpipe.labels.videos import file_name, stored_path
from antpipe.poses import Skeleton
from antpipe.training.samples import LabelledFrame, find_crop_size

SHOWS = 0.95
"""An anchor should be visible in so large a part of the animals."""


@dataclass(frozen=True, kw_only=True)
class Animals:
    """All labelled animals, as points."""

    skeleton: Skeleton
    points: list[Array]
    """Of each labelled frame (instances, nodes, 2), in pixels of the labelled video; NaN where not visible."""
    places: list[str]
    """Of each labelled frame, in words: which frame of which video."""

    @property
    def all(self) -> Array:
        """All animals in one array (instances, nodes, 2)."""
        return np.concatenate(self.points)

    def sides(self) -> Array:
        """Return the longest side of each animal's box (instances,) in pixels; NaN where nothing is visible."""
        boxes = bounding_boxes(self.all)
        return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1))

    def longest(self) -> tuple[float, str]:
        """Return the longest side in pixels, and in words which frame it is in."""
        frame = np.repeat(np.arange(len(self.points)), [len(points) for points in self.points])
        sides = np.nan_to_num(self.sides())
        return float(sides.max()), self.places[int(frame[sides.argmax()])]

    def crop_size(self, padding: int, max_stride: int) -> int:
        """Return the side of the crops that training would choose, in pixels."""
        nothing = np.zeros((1, 1, 1), np.uint8)
        frames = [LabelledFrame(video="", frame_idx=0, image=nothing, points=points) for points in self.points]
        return find_crop_size(frames, padding, max_stride)


def measure_animals(labels: sio.Labels) -> Animals:
    """Return the animals that a person has labelled.

    Raises:
        LabelError: if there is no skeleton, or several with different nodes.
    """
    skeleton, frames = skeleton_of(labels), labelled_frames(labels)
    return Animals(
        skeleton=skeleton,
        points=[user_points(frame, skeleton) for frame in frames],
        places=[f"frame {frame.frame_idx} of {file_name(stored_path(frame.video))}" for frame in frames],
    )


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A node that may stand for the animal's place."""

    node: str
    visible: float
    """Share of the animals in which it shows."""
    off: float
    """Median distance from the middle of the animal's box, in sides of the box."""


def anchors(animals: Animals) -> list[Anchor]:
    """Return all nodes, the one that makes the best anchor in front.

    That is the one nearest to the middle of the animal among those that nearly always show; a crop around it holds the
    animal with the least to spare, and a centroid that is missing cannot be learned.
    """
    points = animals.all
    with np.errstate(divide="ignore", invalid="ignore"):
        # An animal that shows one node has no length.
        off = np.linalg.norm(points - centroids(points)[:, None], axis=-1) / animals.sides()[:, None]
    seen = np.asarray(np.isfinite(points).all(axis=-1))
    found = [
        Anchor(node=node, visible=float(seen[:, i].mean()), off=_median(off[:, i]))
        for i, node in enumerate(animals.skeleton.nodes)
    ]
    enough = min(SHOWS, max(anchor.visible for anchor in found))
    return sorted(found, key=lambda anchor: (anchor.visible < enough, anchor.off))


def _median(values: Array) -> float:
    kept = values[np.isfinite(values)]
    return float(np.median(kept)) if len(kept) else float("inf")


def median_side(animals: Sequence[float] | Array) -> float:
    """Return the median of lengths, of what is a number; 0 where nothing is."""
    kept = np.asarray(animals)[np.isfinite(animals)]
    return float(np.median(kept)) if len(kept) else 0.0
