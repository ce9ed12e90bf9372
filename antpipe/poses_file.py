"""The Parquet file of poses."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from antpipe.arrow import to_arrow, to_dictionary, to_numpy
from antpipe.errors import PosesError, reason, shown
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo, concat_poses

ROWS_PER_GROUP = 16_384
METADATA_KEY = b"antpipe"
_NEVER_EMPTY = ("frame_idx", "instance_idx", "predicted", "time_s")


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
        info = PosesInfo.from_json(metadata[METADATA_KEY])
        columns = poses_schema(info).names
        if len(set(columns)) < len(columns):
            raise ValueError(f"features: expected other names than those of other columns, got {shown(info.features)}")
    except ValueError as error:
        raise PosesError(
            f"{path}: expected poses written by this version of antpipe, but its metadata cannot be read "
            f"({reason(error)}); make it again"
        ) from error
    return info


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
