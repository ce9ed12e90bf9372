"""One poses file as a stream, in the coordinates that were asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq

from antpipe.errors import PosesError
from antpipe.geometry import IDENTITY, Transform
from antpipe.poses import Poses, PosesInfo, concat_poses, empty_poses, iter_poses, read_info

Coordinates = Literal["raw", "video"]


@dataclass(frozen=True, kw_only=True)
class PosesSource:
    """A poses file whose points are moved to the wanted coordinates while it is read."""

    path: Path
    info: PosesInfo
    """As in the file, except that `coordinates` says what comes out."""
    moved_by: Transform
    """From the file's coordinates to the wanted ones."""

    def __iter__(self) -> Iterator[Poses]:
        """Yield the rows in frame order; memory is that of one row group."""
        for poses in iter_poses(self.path):
            yield replace(poses, info=self.info, points=self.moved_by(poses.points))

    def read(self) -> Poses:
        """Return all rows."""
        parts = list(self)
        return concat_poses(parts) if parts else empty_poses(self.info)


def open_source(path: Path, coordinates: Coordinates) -> PosesSource:
    """Return a poses file as a stream of poses in `raw` or `video` pixels.

    Raises:
        PosesError: if the file is missing or was not written by antpipe.
    """
    info = read_info(path)
    if info.coordinates == coordinates:
        moved_by = IDENTITY
    else:
        moved_by = info.to_raw if coordinates == "raw" else info.to_raw.inverse()
    return PosesSource(path=path, info=replace(info, coordinates=coordinates), moved_by=moved_by)


def only_source(sources: Sequence[PosesSource], form: str, instead: str) -> PosesSource:
    """Return the one source of a format that holds one video.

    Raises:
        PosesError: if there are several, with what to do `instead`.
    """
    if len(sources) > 1:
        raise PosesError(f"{form} holds one video per file, got {len(sources)} poses files; {instead}")
    return sources[0]


def track_names(path: Path) -> list[str]:
    """Return the names of all tracks of a poses file, in order of appearance; only that column is read."""
    read_info(path)
    file = pq.ParquetFile(path)
    names: dict[str, None] = {}
    for group in range(file.num_row_groups):
        column = file.read_row_group(group, columns=["track"]).column("track")
        names.update(dict.fromkeys(name for name in column.unique().to_pylist() if name is not None))
    return list(names)
