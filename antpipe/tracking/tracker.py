"""A tracker: gated Hungarian matching on a constant-velocity prediction, one frame after the other."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from antpipe.config.tracking import TrackConfig
from antpipe.geometry import Array
from antpipe.tracking.matching import assign, body_sizes, middles, pose_distances

VELOCITY_GAIN = 0.5
"""Weight of the newest step in the velocity."""
SIZE_GAIN = 0.2
"""Weight of the newest instance in the size of its animal."""
GATE_GROWTH = 0.15
"""By this fraction the gate widens with every frame that a track was not seen, up to twice its width."""


@dataclass
class Track:
    """What the tracker remembers of one animal."""

    name: str
    points: Array
    """(nodes, 2), the last pose; a node keeps the place where it was last seen relative to the others."""
    frame_idx: int
    size: float
    velocity: Array = field(default_factory=lambda: np.zeros(2))
    """Pixels per frame of the middle of the visible nodes."""


class Tracker:
    """Links the instances of one video into tracks; make a fresh one for each video.

    `classes` are the animals that are known by name, which are tracks from the start.
    """

    def __init__(self, config: TrackConfig, classes: Sequence[str] = ()) -> None:
        self.config = config
        self.classes = frozenset(classes)
        self.tracks: list[Track] = []
        self._named = len(self.classes)
        self._names = (name for name in map("track_{}".format, itertools.count()) if name not in self.classes)

    def link(
        self, frame_idx: int, points: Array, known: Sequence[str | None] | None = None
    ) -> tuple[list[str | None], Array]:
        """Return the track's name and the tracking score of each instance (instances, nodes, 2) of the next frame.

        The score is 1 for an instance exactly where its track was expected and 0 at the gate; NaN for an instance
        that starts a track, has none or is known. Frames must come in order; those without instances may be left out.

        Args:
            frame_idx: the frame.
            points: the instances.
            known: the class of each instance, None for one that is to be linked; each class comes once at most.
        """
        points = np.asarray(points, np.float64)
        self.tracks = [t for t in self.tracks if frame_idx - t.frame_idx <= self.config.window]
        names: list[str | None] = list(known or [None] * len(points))
        scores = np.full(len(points), np.nan, np.float32)
        if not len(points):
            return names, scores
        sizes = body_sizes(points)
        left = np.array([row for row, name in enumerate(names) if name is None], int)
        matches = self._matches(frame_idx, points[left], sizes[left], [t for t in self.tracks if t.name not in names])
        for row, name in enumerate(names):
            if name is not None:
                self._follow(name, frame_idx, points[row], sizes[row])
        for track, number, score in matches:
            row = left[number]
            names[row], scores[row] = track.name, score
            _move(track, frame_idx, points[row], sizes[row])
        for row in left:
            if names[row] is None and self._may_start(points[row]):
                names[row] = self._start(frame_idx, points[row], sizes[row])
        return names, scores

    def _matches(
        self, frame_idx: int, points: Array, sizes: Array, tracks: Sequence[Track]
    ) -> list[tuple[Track, int, float]]:
        if not tracks or not len(points):
            return []
        gaps = np.array([frame_idx - t.frame_idx for t in tracks])
        expected = np.stack([t.points + t.velocity * g for t, g in zip(tracks, gaps, strict=True)])
        size = np.maximum(np.array([t.size for t in tracks])[:, None], np.nan_to_num(sizes)[None])
        distance = pose_distances(expected, points) / np.maximum(size, 1.0)
        gate = self.config.gate * np.minimum(1 + GATE_GROWTH * (gaps - 1), 2.0)[:, None]
        pairs = assign(distance, np.broadcast_to(gate, distance.shape))
        near = [(tracks[t], row, float(1 - distance[t, row] / gate[t, 0])) for t, row in pairs]
        left = _only_choices(distance, pairs, self.config.leap * (gaps == 1)[:, None])
        return near + [(tracks[t], row, 0.0) for t, row in left]

    def _may_start(self, points: Array) -> bool:
        full = self.config.max_tracks is not None and self._named >= self.config.max_tracks
        return not full and int((~np.isnan(points).any(axis=-1)).sum()) >= self.config.min_points

    def _start(self, frame_idx: int, points: Array, size: float) -> str:
        name = next(self._names)
        self._named += 1
        self.tracks.append(Track(name, points, frame_idx, float(size)))
        return name

    def _follow(self, name: str, frame_idx: int, points: Array, size: float) -> None:
        """Take the pose of an animal that is known by name."""
        track = next((track for track in self.tracks if track.name == name), None)
        if track is None:
            self.tracks.append(Track(name, points, frame_idx, float(size)))
        else:
            _move(track, frame_idx, points, size)


def _only_choices(distance: Array, taken: list[tuple[int, int]], limit: Array) -> list[tuple[int, int]]:
    """Return the pairs (track, instance) not yet taken that are within `limit` of each other and of nobody else."""
    within = distance <= limit
    for t, row in taken:
        within[t, :] = within[:, row] = False
    alone = within & (within.sum(axis=0) == 1)[None] & (within.sum(axis=1) == 1)[:, None]
    return [(int(t), int(row)) for t, row in np.argwhere(alone)]


def _move(track: Track, frame_idx: int, points: Array, size: float) -> None:
    """Take the newest pose of a track: place, velocity, size."""
    both = ~np.isnan(points - track.points).any(axis=-1)
    old, new = (middles(p[None, both] if both.any() else p[None])[0] for p in (track.points, points))
    step = (new - old) / (frame_idx - track.frame_idx)
    track.velocity = track.velocity + VELOCITY_GAIN * (step - track.velocity)
    track.points = np.where(np.isnan(points), track.points + (new - old), points)
    track.size += SIZE_GAIN * (float(size) - track.size)
    track.frame_idx = frame_idx
