"""One poses file as a stream, in the coordinates that were asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from antpipe.errors import PosesError
from antpipe.export.raw_video import WayBack, way_back
from antpipe.geometry import IDENTITY
from antpipe.poses import Poses, Skeleton, concat_poses, empty_poses
from antpipe.poses_file import iter_poses, read_info

Coordinates = Literal["raw", "video"]


@dataclass(frozen=True, kw_only=True)
class PosesSource(WayBack):
    """A poses file whose rows are led to the wanted coordinates while they are read."""

    path: Path

    def __iter__(self) -> Iterator[Poses]:
        """Yield the rows in frame order; memory is that of one row group."""
        for poses in iter_poses(self.path):
            yield replace(
                poses,
                info=self.info,
                points=self.moved_by(poses.points),
                frame_idx=poses.frame_idx + np.int32(self.first_frame),
                time_s=poses.time_s + self.first_time_s,
            )

    def read(self) -> Poses:
        """Return all rows."""
        parts = list(self)
        return concat_poses(parts) if parts else empty_poses(self.info)


def open_source(path: Path, coordinates: Coordinates) -> PosesSource:
    """Return a poses file as a stream of poses in `raw` or `video` pixels.

    In raw pixels the poses are about the raw video, its frame numbers and times too, as far as `way_back` knows them.

    Raises:
        PosesError: if the file is missing or was not written by antpipe.
    """
    info = read_info(path)
    if coordinates == "raw":
        return PosesSource(path=path, **vars(way_back(info)))
    moved_by = IDENTITY if info.coordinates == "video" else info.to_raw.inverse()
    return PosesSource(path=path, info=replace(info, coordinates="video"), moved_by=moved_by)


def only_source(sources: Sequence[PosesSource], form: str, instead: str) -> PosesSource:
    """Return the one source of a format that holds one video.

    Raises:
        PosesError: if there are several, with what to do `instead`.
    """
    if len(sources) > 1:
        raise PosesError(f"{form} holds one video per file, got {len(sources)} poses files; {instead}")
    return sources[0]


def only_skeleton(sources: Sequence[PosesSource]) -> Skeleton:
    """Return the skeleton of a format that holds one for all videos.

    Raises:
        PosesError: if the skeletons differ.
    """
    for source in sources:
        if source.info.skeleton != sources[0].info.skeleton:
            raise PosesError(
                f"{source.path}: expected the same skeleton as in {sources[0].path}, got other nodes, edges or "
                f"symmetries; export them to separate files"
            )
    return sources[0].info.skeleton


def video_names(sources: Sequence[PosesSource], form: str) -> list[str]:
    """Return the name of each video file without its suffix; of the poses file where no video is named.

    Raises:
        PosesError: if two have the same name, saying with `form` what both would become.
    """
    first: dict[str, PosesSource] = {}
    names = []
    for source in sources:
        name = PurePosixPath(source.info.video.path).stem or source.path.stem
        # Names that differ by case only are one folder on macOS and Windows.
        other = first.setdefault(name.casefold(), source)
        if other is not source:
            raise PosesError(
                f"{source.path}: expected videos with different names, but {other.info.video.path!r} and "
                f"{source.info.video.path!r} would both become {form.format(name)}; export them to different folders"
            )
        names.append(name)
    return names
