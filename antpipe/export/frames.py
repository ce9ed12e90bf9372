"""The frames of poses: all that were examined, and blocks of them for formats that keep frames at fixed places."""

from collections.abc import Iterator

import numpy as np

from antpipe.export.source import PosesSource
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo, concat_poses

BLOCK = 1024
"""Frames; memory is that of the animals in so many."""


def examined_frames(info: PosesInfo) -> Array:
    """Return all frames that were examined, in order."""
    return np.concatenate([np.zeros(0, np.int64), *(np.arange(start, stop) for start, stop in info.frames)])


def frame_blocks(source: PosesSource, first: int = 0) -> Iterator[tuple[int, Poses]]:
    """Yield (start, rows) of every block of frames that has animals: start, start + 1, ..., start + BLOCK - 1.

    Blocks start at `first`, `first` + BLOCK, and so on.
    """
    waiting: list[Poses] = []
    block = -1
    for poses in source:
        while len(poses):
            number = (int(poses.frame_idx[0]) - first) // BLOCK
            if waiting and number != block:
                yield first + block * BLOCK, concat_poses(waiting)
                waiting = []
            block = number
            rows = int(np.searchsorted(poses.frame_idx, first + (block + 1) * BLOCK))
            waiting.append(poses[:rows])
            poses = poses[rows:]
    if waiting:
        yield first + block * BLOCK, concat_poses(waiting)
