"""The earlier poses of tracks."""

import numpy as np

from antpipe.geometry import Array


class Memory:
    """Poses as arrays, one row each, sorted by track and then by frame."""

    def __init__(self, nodes: int) -> None:
        self.number = np.zeros(0, int)
        """(poses,) the track of each."""
        self.frame_idx = np.zeros(0, int)
        """(poses,)"""
        self.points = np.zeros((0, nodes, 2))
        """(poses, nodes, 2) pixels."""
        self.point_scores = np.zeros((0, nodes))
        """(poses, nodes)"""
        self.size = np.zeros(0)
        """(poses,) pixels."""

    def __len__(self) -> int:
        return len(self.number)

    @property
    def starts(self) -> Array:
        """The first row (tracks,) of each track."""
        return np.flatnonzero(np.diff(self.number, prepend=-1))

    @property
    def stops(self) -> Array:
        """The row after the last one (tracks,) of each track."""
        return np.append(self.starts[1:], len(self))

    def add(self, frame_idx: int, number: Array, points: Array, point_scores: Array, size: Array) -> None:
        """Add the poses of tracks in a frame later than all others."""
        self.number = np.append(self.number, number)
        self.frame_idx = np.append(self.frame_idx, np.full(len(number), frame_idx))
        self.points = np.concatenate([self.points, points])
        self.point_scores = np.concatenate([self.point_scores, point_scores])
        self.size = np.append(self.size, size)
        self._take(np.argsort(self.number, kind="stable"))

    def forget(self, frame_idx: int) -> None:
        """Drop the poses of frames before `frame_idx`."""
        self._take(np.flatnonzero(self.frame_idx >= frame_idx))

    def keep_last(self, count: int) -> None:
        """Keep the last `count` poses of each track."""
        from_end = np.repeat(self.stops, self.stops - self.starts) - np.arange(len(self))
        self._take(np.flatnonzero(from_end <= count))

    def newest(self) -> "Memory":
        """Return a memory of the last pose of each track."""
        last = Memory(self.points.shape[1])
        last.__dict__.update(self.__dict__)
        last._take(self.stops - 1)
        return last

    def _take(self, rows: Array) -> None:
        if len(rows) == len(self) and (np.diff(rows) == 1).all():
            return
        for name in ("number", "frame_idx", "points", "point_scores", "size"):
            setattr(self, name, getattr(self, name)[rows])
