"""Poses: the table that flows from prediction to export."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from antpipe.errors import shown
from antpipe.geometry import IDENTITY, Array, Transform

MOST_FRAMES = 2**31
"""Frame indices from here on have no place in the column of frames."""


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """The nodes of an animal, the edges that join them, and the pairs that swap when the image is mirrored."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...] = ()
    symmetries: tuple[tuple[str, str], ...] = ()

    def edge_indices(self) -> list[tuple[int, int]]:
        """Return the edges as pairs of node indices."""
        return [(self.nodes.index(a), self.nodes.index(b)) for a, b in self.edges]

    def flip_order(self) -> Array:
        """Return the node indices (nodes,) after left and right change places."""
        order = np.arange(len(self.nodes))
        for a, b in self.symmetries:
            i, j = self.nodes.index(a), self.nodes.index(b)
            order[i], order[j] = j, i
        return order


@dataclass(frozen=True, kw_only=True)
class VideoMeta:
    """The video that the coordinates refer to."""

    path: str
    """Relative to the project where possible, with forward slashes."""
    width: int
    height: int
    fps: float
    frame_count: int
    fingerprint: str = ""
    """SHA-256 of the file, or empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class PosesInfo:
    """What a table of poses is about: skeleton, video, frames examined, coordinates, where it came from."""

    skeleton: Skeleton
    video: VideoMeta
    frames: tuple[tuple[int, int], ...]
    """Half-open ranges of the frames that were examined, with or without animals in them."""
    coordinates: str = "video"
    """`video`: pixels of `video`; `raw`: pixels of the raw video that it was made from."""
    to_raw: Transform = IDENTITY
    """Map from pixels of `video` to pixels of the raw video."""
    features: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was measured on the poses: columns beside the nodes, by name, each with its `unit` and `meaning`."""
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def frame_total(self) -> int:
        """Number of frames examined."""
        return sum(stop - start for start, stop in self.frames)

    def to_json(self) -> str:
        """Return the info as JSON text."""
        return json.dumps(
            {
                "skeleton": {
                    "nodes": list(self.skeleton.nodes),
                    "edges": [list(e) for e in self.skeleton.edges],
                    "symmetries": [list(s) for s in self.skeleton.symmetries],
                },
                "video": vars(self.video),
                "frames": [list(r) for r in self.frames],
                "coordinates": self.coordinates,
                "to_raw": self.to_raw.to_dict(),
                "features": self.features,
                "provenance": self.provenance,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "PosesInfo":
        """Return the info that `to_json` wrote.

        Raises:
            ValueError: if the text is no such info.
        """
        info = _INFO.validate_json(text, strict=True)
        check_skeleton(info.skeleton)
        _check_numbers(info)
        if info.coordinates not in ("video", "raw"):
            raise ValueError(f"coordinates: expected video or raw, got {shown(info.coordinates)}")
        if "\0" in info.video.path:
            raise ValueError(f"video.path: expected a path, got {shown(info.video.path)}")
        return info


_INFO = TypeAdapter(PosesInfo)


def _check_numbers(info: PosesInfo) -> None:
    video = info.video
    if not (math.isfinite(video.fps) and video.fps > 0):
        raise ValueError(f"video.fps: expected a number above 0, got {video.fps}")
    if not all(0 <= number <= MOST_FRAMES for number in (video.width, video.height, video.frame_count)):
        raise ValueError(f"video: expected a size and a number of frames, got {shown(vars(video))}")
    if not all(0 <= start <= stop <= MOST_FRAMES for start, stop in info.frames):
        raise ValueError(f"frames: expected ranges within 0 and {MOST_FRAMES}, got {shown(info.frames)}")
    if not np.isfinite([info.to_raw.scale, info.to_raw.offset]).all() or 0 in info.to_raw.scale:
        raise ValueError(f"to_raw: expected numbers, and scales other than 0, got {shown(info.to_raw.to_dict())}")


def read_skeleton(value: Any) -> Skeleton:
    """Return the skeleton that a dictionary of JSON describes.

    Raises:
        ValueError: if it describes none.
    """
    skeleton = _SKELETON.validate_python(value)
    check_skeleton(skeleton)
    return skeleton


_SKELETON = TypeAdapter(Skeleton)


def check_skeleton(skeleton: Skeleton) -> None:
    """Refuse a skeleton with two nodes of one name, or with edges or symmetries between nodes that are not there.

    Raises:
        ValueError: naming them.
    """
    twice = sorted({node for node in skeleton.nodes if skeleton.nodes.count(node) > 1})
    if twice:
        raise ValueError(f"skeleton.nodes: expected different names, got {shown(twice)} twice")
    unknown = {node for pair in (*skeleton.edges, *skeleton.symmetries) for node in pair} - set(skeleton.nodes)
    if unknown:
        raise ValueError(f"skeleton: edges or symmetries name {shown(sorted(unknown))}, which are no nodes")


@dataclass(frozen=True, kw_only=True)
class Poses:
    """Instances of one video, one row each, sorted by frame.

    A point that is not visible is NaN in x, y and score.
    """

    info: PosesInfo
    frame_idx: Array
    """(rows,) int32, index in the video, from 0."""
    instance_idx: Array
    """(rows,) int16, index within the frame, from 0."""
    points: Array
    """(rows, nodes, 2) float32, x and y in pixels."""
    point_scores: Array
    """(rows, nodes) float32, height of the confidence map; NaN where not visible."""
    instance_score: Array
    """(rows,) float32; NaN where there is none."""
    tracking_score: Array
    """(rows,) float32; NaN where there is none."""
    track: Array
    """(rows,) object: the track's name, or None for an untracked instance."""
    predicted: Array
    """(rows,) bool: True from a model, False from a person."""
    time_s: Array
    """(rows,) float64, seconds from the start of the video."""
    features: dict[str, Array] = field(default_factory=dict)
    """(rows,) float32 each, by the names in `info.features`."""

    def __len__(self) -> int:
        return len(self.frame_idx)

    def __getitem__(self, rows: Any) -> "Poses":
        """Return the given rows (a slice, mask or index array)."""
        features = {name: values[rows] for name, values in self.features.items()}
        return replace(self, features=features, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def by_frame(self) -> Iterator[tuple[int, slice]]:
        """Yield (frame_idx, rows) of every frame that has instances, in order."""
        starts = np.flatnonzero(np.diff(self.frame_idx, prepend=-1))
        stops = np.append(starts[1:], len(self))[: len(starts)]
        for start, stop in zip(starts, stops, strict=True):
            yield int(self.frame_idx[start]), slice(int(start), int(stop))


_COLUMNS = (
    "frame_idx",
    "instance_idx",
    "points",
    "point_scores",
    "instance_score",
    "tracking_score",
    "track",
    "predicted",
    "time_s",
)


def make_poses(
    info: PosesInfo,
    *,
    frame_idx: Array,
    points: Array,
    point_scores: Array | None = None,
    instance_score: Array | None = None,
    tracking_score: Array | None = None,
    track: Sequence[str | None] | Array | None = None,
    predicted: bool | Array = True,
) -> Poses:
    """Return a table of poses in which all that is not given is filled in.

    Rows must come sorted by frame; `instance_idx` counts within each frame and `time_s` is `frame_idx / fps`.
    """
    frame_idx = np.asarray(frame_idx, np.int32)
    rows, nodes = len(frame_idx), len(info.skeleton.nodes)
    points = np.asarray(points, np.float32).reshape(rows, nodes, 2)
    missing = np.asarray(np.isnan(points).any(axis=-1))
    points = np.where(missing[..., None], np.float32(np.nan), points)
    if point_scores is None:
        point_scores = np.ones((rows, nodes), np.float32)
    point_scores = np.where(missing, np.float32(np.nan), np.asarray(point_scores, np.float32))
    if np.any(np.diff(frame_idx) < 0):
        raise ValueError("rows of a poses table must be sorted by frame")
    names = np.full(rows, None, object)
    if track is not None:
        names[:] = list(track)
    return Poses(
        info=info,
        frame_idx=frame_idx,
        instance_idx=count_within(frame_idx),
        points=points,
        point_scores=point_scores,
        instance_score=_score(instance_score, rows),
        tracking_score=_score(tracking_score, rows),
        track=names,
        predicted=np.broadcast_to(np.asarray(predicted, bool), rows).copy(),
        time_s=frame_idx / info.video.fps,
    )


def concat_poses(parts: Sequence[Poses]) -> Poses:
    """Return the rows of all parts, which must come in frame order; the first part's info is kept."""
    columns: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _COLUMNS}
    features = {name: np.concatenate([p.features[name] for p in parts]) for name in parts[0].info.features}
    return replace(parts[0], features=features, **columns)


def empty_poses(info: PosesInfo) -> Poses:
    """Return a table without a single animal."""
    empty = make_poses(info, frame_idx=np.zeros(0, np.int32), points=np.zeros((0, len(info.skeleton.nodes), 2)))
    return replace(empty, features={name: np.zeros(0, np.float32) for name in info.features})


def count_within(frame_idx: Array) -> Array:
    """Return 0, 1, 2, ... within each run of equal frame indices, as int16."""
    starts = np.flatnonzero(np.diff(frame_idx, prepend=-1))
    lengths = np.diff(np.append(starts, len(frame_idx)))
    return (np.arange(len(frame_idx)) - np.repeat(starts, lengths)).astype(np.int16)


def _score(values: Array | None, rows: int) -> Array:
    return np.full(rows, np.nan, np.float32) if values is None else np.asarray(values, np.float32)
