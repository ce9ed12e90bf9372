"""Tracks that were lost and may be found again, where the number of animals is known."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.compare import middles
from antpipe.tracking.matchers.hungarian import hungarian


class Lost:
    """Where and when each lost track was last seen."""

    def __init__(self) -> None:
        self.number = np.zeros(0, int)
        self._place = np.zeros((0, 2))
        self._seen = np.zeros(0, int)
        self._size = np.zeros(0)

    def __len__(self) -> int:
        return len(self.number)

    def add(self, number: Array, pose: Array, seen: Array, size: Array) -> None:
        """Remember tracks: number, last pose (tracks, nodes, 2), last frame and size in pixels of each."""
        self.number = np.append(self.number, number)
        self._place = np.concatenate([self._place, middles(pose)])
        self._seen, self._size = np.append(self._seen, seen), np.append(self._size, size)

    def find(self, pose: Array, frame_idx: int, speed: float) -> Array:
        """Return the tracks (poses,) that poses (poses, nodes, 2) are, -1 for none, and forget these.

        An animal can be no farther than `speed` body sizes for each frame since it was seen; the pairs that need least
        of that are made.
        """
        reach = speed * self._size * (frame_idx - self._seen)
        apart = np.linalg.norm(self._place[:, None] - middles(pose)[None], axis=-1)
        rows, columns = hungarian(1 - apart / reach[:, None])
        found = np.full(len(pose), -1)
        found[columns] = self.number[rows]
        rest = np.setdiff1d(np.arange(len(self)), rows)
        self.number, self._place = self.number[rest], self._place[rest]
        self._seen, self._size = self._seen[rest], self._size[rest]
        return found
