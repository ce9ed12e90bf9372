"""Which track each instance belongs to, where a format has a place for tracks only."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from antpipe.errors import PosesError
from antpipe.export.source import PosesSource
from antpipe.export.tell import tell
from antpipe.geometry import Array
from antpipe.poses import Poses, count_within
from antpipe.poses_file import read_info


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """The tracks of a video; instances without one get tracks of their own.

    The first instance without a track of each frame goes to `untracked_0`, the second to `untracked_1`, and so on.
    """

    path: Path
    names: tuple[str, ...]
    """In order of appearance, then those of the untracked."""
    named: int
    """So many of them are tracks; the others hold the untracked."""
    untracked: int
    """Number of instances without a track."""
    stop: int
    """The frame after the last one examined."""

    def index(self, poses: Poses) -> Array:
        """Return the track (rows,) of each instance, of whole frames.

        Raises:
            PosesError: if a track has two instances in one frame.
        """
        index = {name: i for i, name in enumerate(self.names[: self.named])}
        tracks = np.array([index.get(name, -1) for name in poses.track], np.int64)
        lone = np.flatnonzero(tracks < 0)
        tracks[lone] = self.named + count_within(poses.frame_idx[lone]).astype(np.int64)
        self._refuse_twice(poses, tracks)
        return tracks

    def _refuse_twice(self, poses: Poses, tracks: Array) -> None:
        order = np.lexsort((poses.frame_idx, tracks))
        again = (np.diff(tracks[order]) == 0) & (np.diff(poses.frame_idx[order]) == 0)
        if again.any():
            row = order[np.flatnonzero(again)[0]]
            raise PosesError(
                f"{self.path}: expected one instance per track and frame, but track {self.names[tracks[row]]!r} has "
                f"two in frame {poses.frame_idx[row]}; track the video again or export to another format"
            )


def find_tracks(source: PosesSource) -> Tracks:
    """Return the tracks of a poses file; only the columns that tell are read."""
    names: dict[str, None] = {}
    untracked = most = 0
    stop = max((stop for _, stop in source.info.frames), default=0)
    for found, lone, last in _columns(source.path):
        names.update(dict.fromkeys(found))
        stop = max(stop, last + source.first_frame + 1)
        untracked += len(lone)
        most = max(most, int(count_within(lone).max(initial=-1)) + 1)
    free = (name for i in itertools.count() if (name := f"untracked_{i}") not in names)
    lone_names = itertools.islice(free, most)
    return Tracks(path=source.path, names=(*names, *lone_names), named=len(names), untracked=untracked, stop=stop)


def tell_untracked(output: Path, tracks: Tracks) -> None:
    """Tell how many instances had no track, and where they are."""
    if tracks.untracked:
        places = ", ".join(tracks.names[tracks.named : tracks.named + 3])
        more = ", ..." if len(tracks.names) > tracks.named + 3 else ""
        tell(output, f"{tracks.untracked} instances have no track; they are in {places}{more}")


def track_names(path: Path) -> list[str]:
    """Return the names of all tracks of a poses file, in order of appearance."""
    return list(dict.fromkeys(name for names, _, _ in _columns(path) for name in names))


def _columns(path: Path) -> Iterator[tuple[list[str], Array, int]]:
    """Yield for each row group its track names and the frames of its instances without a track, and its last frame."""
    read_info(path)
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=["track", "frame_idx"])
        track = table.column("track")
        names = [name for name in track.unique().to_pylist() if name is not None]
        frames = table.column("frame_idx").to_numpy()
        yield names, frames[track.is_null().to_numpy()], int(frames.max(initial=-1))
