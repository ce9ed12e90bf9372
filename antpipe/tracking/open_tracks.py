"""The tracks that may go on, as arrays with one row per track."""

import numpy as np

from antpipe.geometry import Array

RISE, FALL = 0.3, 0.02
"""How fast a track's size follows larger and smaller instances: a half-hidden animal does not shrink."""


class OpenTracks:
    """Where the animals of a video should be in the present frame, and what is known of their movement.

    A node that is hidden stays where it was in relation to the others; one that was never seen is NaN.
    """

    def __init__(self, nodes: int) -> None:
        self.frame_idx = 0
        """The present frame."""
        self.number = np.zeros(0, int)
        """(tracks,)"""
        self.pose = np.zeros((0, nodes, 2))
        """(tracks, nodes, 2) expected place of each node, in pixels."""
        self.velocity = np.zeros((0, 1, 2))
        """(tracks, 1, 2) pixels per frame."""
        self.size = np.zeros(0)
        """(tracks,) pixels."""
        self.seen = np.zeros(0, int)
        """(tracks,) last frame in which each was seen."""
        self.times = np.zeros(0, int)
        """(tracks,) frames in which each was seen."""
        self.miss = np.zeros((0, 2))
        """(tracks, 2) pixels from the expected place to that where it was last found; 0 after a gap."""
        self.whole = True
        """Whether every node of every track was once seen."""

    def __len__(self) -> int:
        return len(self.number)

    def coast(self, frame_idx: int) -> None:
        """Let all move on as they did, up to a frame."""
        self.pose += self.velocity * (frame_idx - self.frame_idx)
        self.frame_idx = frame_idx

    def last_pose(self) -> Array:
        """Return the poses (tracks, nodes, 2) as they were when each track was last seen."""
        return np.asarray(self.pose - self.velocity * (self.frame_idx - self.seen)[:, None, None])

    def keep(self, rows: Array) -> None:
        """Keep the tracks of a mask or of indices."""
        for name in ("number", "pose", "velocity", "size", "seen", "times", "miss"):
            setattr(self, name, getattr(self, name)[rows])
        self.whole = not np.isnan(self.pose).any()

    def start(self, number: Array, pose: Array, size: Array) -> None:
        """Add tracks that begin in the present frame."""
        new = len(number)
        self.number = np.append(self.number, number)
        self.pose = np.concatenate([self.pose, pose])
        self.velocity = np.concatenate([self.velocity, np.zeros((new, 1, 2))])
        self.size = np.append(self.size, size)
        self.seen = np.append(self.seen, np.full(new, self.frame_idx))
        self.times = np.append(self.times, np.ones(new, int))
        self.miss = np.concatenate([self.miss, np.zeros((new, 2))])
        self.whole = self.whole and not np.isnan(pose).any()

    def follow(self, rows: Array, pose: Array, size: Array, gain: tuple[Array, Array], whole: bool) -> None:
        """Take the poses in which the tracks `rows` were found.

        Args:
            rows: (found,) indices of tracks.
            pose: (found, nodes, 2)
            size: (found,) pixels.
            gain: (found,) or numbers: parts of the miss by which place and velocity are corrected.
            whole: whether all nodes are visible.
        """
        place, velocity = gain
        expected = self.pose[rows]
        step = pose - expected
        if whole and self.whole:
            miss = np.add.reduce(step, axis=1) / step.shape[1]
            self.pose[rows] = pose - ((1 - place) * miss.T).T[:, None]
        else:
            shared = ~np.isnan(step)
            count = np.add.reduce(shared, axis=1)
            miss = np.add.reduce(np.where(shared, step, 0), axis=1) / np.maximum(count, 1)
            back = ((1 - place) * miss.T).T[:, None]
            self.pose[rows] = np.where(np.isnan(pose), expected + miss[:, None] - back, pose - back)
            self.whole = self.whole or not np.isnan(self.pose).any()
        gap = self.frame_idx - self.seen[rows]
        self.velocity[rows] += (velocity / gap * miss.T).T[:, None]
        self.miss[rows] = np.where(gap == 1, miss.T, 0).T
        grown = size - self.size[rows]
        self.size[rows] += np.where(grown > 0, RISE, FALL) * grown
        self.seen[rows] = self.frame_idx
        self.times[rows] += 1
