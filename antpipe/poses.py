"""Poses: the table that flows from prediction to export, and its Parquet file."""

import contextlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from antpipe.arrow import to_arrow, to_dictionary, to_numpy
from antpipe.errors import PosesError, reason, shown
from antpipe.files import atomic_path
from antpipe.geometry import IDENTITY, Array, Transform

ROWS_PER_GROUP = 16_384
METADATA_KEY = b"antpipe"
MOST_FRAMES = 2**31
"""Frame indices from here on have no place in the column of frames."""
_NEVER_EMPTY = ("frame_idx", "instance_idx", "predicted", "time_s")


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
        columns = poses_schema(info).names
        if len(set(columns)) < len(columns):
            raise ValueError(f"features: expected other names than those of other columns, got {shown(info.features)}")
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


def poses_schema(info: PosesInfo) -> pa.Schema:
    """Return the Arrow columns of a poses file, which the README's table documents; info is its metadata."""
    columns: list[tuple[str, pa.DataType]] = [
        ("frame_idx", pa.int32()),
        ("time_s", pa.float64()),
        ("instance_idx", pa.int16()),
        ("track", pa.dictionary(pa.int32(), pa.string())),
        ("instance_score", pa.float32()),
        ("tracking_score", pa.float32()),
        ("predicted", pa.bool_()),
    ]
    for node in info.skeleton.nodes:
        columns += [(f"{node}.{part}", pa.float32()) for part in ("x", "y", "score")]
    fields = [pa.field(name, kind) for name, kind in columns]
    fields += [pa.field(name, pa.float32(), metadata=about) for name, about in info.features.items()]
    return pa.schema(fields, {METADATA_KEY: info.to_json().encode()})


def to_table(poses: Poses) -> pa.Table:
    """Return the poses as an Arrow table with the columns of `poses_schema`."""
    schema = poses_schema(poses.info)
    columns: list[Any] = [
        poses.frame_idx,
        poses.time_s,
        poses.instance_idx,
        to_dictionary(poses.track.tolist()),
        poses.instance_score,
        poses.tracking_score,
        poses.predicted,
    ]
    for node in range(len(poses.info.skeleton.nodes)):
        columns += [poses.points[:, node, 0], poses.points[:, node, 1], poses.point_scores[:, node]]
    columns += [poses.features[name] for name in poses.info.features]
    arrays = [to_arrow(c, t.type) if isinstance(c, np.ndarray) else c for c, t in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def from_table(table: pa.Table, info: PosesInfo) -> Poses:
    """Return the poses of an Arrow table with the columns of `poses_schema`."""

    def column(name: str) -> Array:
        return to_numpy(table.column(name))

    nodes = info.skeleton.nodes
    points = np.empty((table.num_rows, len(nodes), 2), np.float32)
    scores = np.empty((table.num_rows, len(nodes)), np.float32)
    for i, node in enumerate(nodes):
        points[:, i, 0], points[:, i, 1], scores[:, i] = (column(f"{node}.{p}") for p in ("x", "y", "score"))
    track = np.empty(table.num_rows, object)
    track[:] = table.column("track").to_pylist()
    names = ("frame_idx", "instance_idx", "instance_score", "tracking_score", "predicted", "time_s")
    features = {name: column(name) for name in info.features}
    columns = {name: column(name) for name in names}
    return Poses(info=info, points=points, point_scores=scores, track=track, features=features, **columns)


class PosesWriter:
    """Writes poses to one Parquet file as they come; `write_poses_to` makes one."""

    def __init__(self, path: Path, info: PosesInfo) -> None:
        self.info = info
        """What the table is about; may still be corrected while the file is open."""
        self._promised = info
        self._path = path
        self._writer = pq.ParquetWriter(path, poses_schema(info), compression="zstd")
        self._waiting: list[Poses] = []
        self._rows = 0

    def write(self, poses: Poses) -> None:
        """Take the next rows, any number of whole frames; a full row group goes to disk.

        A row group ends with the frame that fills it, so the file does not depend on how the rows were handed over.
        """
        ends = np.flatnonzero(np.diff(poses.frame_idx)) + 1
        while self._rows + len(poses) >= ROWS_PER_GROUP:
            full = ends[ends >= ROWS_PER_GROUP - self._rows]
            cut = int(full[0]) if len(full) else len(poses)
            self._take(poses[:cut])
            self._flush()
            poses, ends = poses[cut:], ends[ends > cut] - cut
        self._take(poses)

    def _take(self, poses: Poses) -> None:
        if len(poses):
            self._waiting.append(poses)
            self._rows += len(poses)

    def close(self) -> None:
        """Write the rest; write the file again if `info` has changed since it was opened."""
        self._flush()
        self._writer.close()
        if self.info != self._promised:
            self._rewrite()

    def _flush(self) -> None:
        if self._rows:
            table = to_table(concat_poses(self._waiting)).replace_schema_metadata(self._writer.schema.metadata)
            self._writer.write_table(table, row_group_size=self._rows)
        self._waiting, self._rows = [], 0

    def _rewrite(self) -> None:
        # Parquet readers take schema metadata from the Arrow schema at the head of the footer, fixed at opening.
        schema = poses_schema(self.info)
        with atomic_path(self._path) as again:
            source = pq.ParquetFile(self._path)
            with pq.ParquetWriter(again, schema, compression="zstd") as writer:
                for group in range(source.num_row_groups):
                    table = source.read_row_group(group).replace_schema_metadata(schema.metadata)
                    writer.write_table(table, row_group_size=max(table.num_rows, 1))


@contextlib.contextmanager
def write_poses_to(path: str | Path, info: PosesInfo) -> Iterator[PosesWriter]:
    """Yield a writer whose file appears at `path`, whole, when the block ends without error."""
    with atomic_path(path) as temporary:
        writer = PosesWriter(temporary, info)
        try:
            yield writer
        finally:
            writer.close()


def write_poses(path: str | Path, poses: Poses) -> None:
    """Write a whole table of poses."""
    with write_poses_to(path, poses.info) as writer:
        writer.write(poses)


def read_info(path: str | Path) -> PosesInfo:
    """Return what a poses file is about, without reading its rows.

    Raises:
        PosesError: if the file is missing, is not Parquet, or was not written by antpipe.
    """
    return _info(_open(path), path)


def iter_poses(path: str | Path) -> Iterator[Poses]:
    """Yield the row groups of a poses file in frame order; memory is that of one group.

    A frame's instances may lie in two groups only in files that antpipe did not write.
    """
    file = _open(path)
    info, last = _info(file, path), 0
    for group in range(file.num_row_groups):
        with _as_poses_error(path):
            poses = from_table(_checked(file.read_row_group(group), info, last), info)
        last = poses.frame_idx.max(initial=last)
        yield poses


def read_poses(path: str | Path) -> Poses:
    """Return a whole poses file."""
    file = _open(path)
    info = _info(file, path)
    with _as_poses_error(path):
        return from_table(_checked(file.read(), info), info)


def _open(path: str | Path) -> pq.ParquetFile:
    if not Path(path).is_file():
        raise PosesError(f"{path}: poses file not found; make it with antpipe predict or antpipe track")
    with _as_poses_error(path):
        return pq.ParquetFile(path)


@contextlib.contextmanager
def _as_poses_error(path: str | Path) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into an error that names the file."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PosesError(
            f"{path}: expected a Parquet file of poses, but it cannot be read ({reason(error)})"
        ) from error


def _info(file: pq.ParquetFile, path: str | Path) -> PosesInfo:
    metadata = file.schema_arrow.metadata or {}
    if METADATA_KEY not in metadata:
        raise PosesError(f"{path}: expected poses written by antpipe, but the file has no antpipe metadata")
    try:
        return PosesInfo.from_json(metadata[METADATA_KEY])
    except ValueError as error:
        raise PosesError(
            f"{path}: expected poses written by this version of antpipe, but its metadata cannot be read "
            f"({reason(error)}); make it again"
        ) from error


def _checked(table: pa.Table, info: PosesInfo, first: int = 0) -> pa.Table:
    """Return the columns that a poses file has, each of its type; other programs may have added or changed some.

    Raises:
        ValueError: if one is missing, holds other things or nothing where something must be, or if frames do not grow
            from `first` on.
    """
    schema = poses_schema(info)
    missing = [name for name in schema.names if table.column_names.count(name) != 1]
    if missing:
        raise ValueError(f"expected one column {missing[0]!r}, got {table.column_names.count(missing[0])}")
    # Texts that are none, or too few of them for what refers to them, would end the process.
    table.column("track").validate(full=True)
    table = table.select(schema.names).cast(schema)
    empty = [name for name in _NEVER_EMPTY if table.column(name).null_count]
    if empty:
        raise ValueError(f"column {empty[0]!r} has rows without a value")
    if (np.diff(to_numpy(table.column("frame_idx")), prepend=np.int32(first)) < 0).any():
        raise ValueError("rows are not sorted by frame")
    return table


def _score(values: Array | None, rows: int) -> Array:
    return np.full(rows, np.nan, np.float32) if values is None else np.asarray(values, np.float32)
