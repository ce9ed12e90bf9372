"""The tracked instances of a film as a stream of windows, sorted by track."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Poses

FRAMES = 1 << 32
"""More frames than any film has, so that track * FRAMES + frame sorts by track and then by frame."""
AT_ONCE = 4096
"""Rows to work on at a time, at least."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Instances that have a track and a visible node."""

    frame_idx: Array
    """(rows,) int64"""
    track: Array
    """(rows,) int64, numbers of tracks"""
    points: Array
    """(rows, nodes, 2) float64, pixels"""
    score: Array
    """(rows,) float32, of the instances; NaN where they have none"""

    def __len__(self) -> int:
        return len(self.frame_idx)

    def __getitem__(self, rows: Any) -> "Rows":
        """Return the given rows (a slice, mask or index array)."""
        return Rows(**{name: values[rows] for name, values in vars(self).items()})

    @property
    def key(self) -> Array:
        """(rows,) by which rows sort."""
        return self.track * FRAMES + self.frame_idx


@dataclass(frozen=True, kw_only=True)
class Window:
    """The rows of some frames, with those of the frames around them."""

    rows: Rows
    """Sorted by track and frame."""
    start: int
    stop: int
    """The half-open range of frames that this window is about."""

    @property
    def inside(self) -> Array:
        """(rows,) whether each row is in the range."""
        return (self.rows.frame_idx >= self.start) & (self.rows.frame_idx < self.stop)


def number_tracks(poses: Poses, numbers: dict[str, int]) -> Array:
    """Return the numbers (rows,) of the tracks' names; -1 for none. New names are added to `numbers`.

    The second instance of a track in a frame, which no tracker makes, counts as one without a track; so does an
    instance without a visible node.
    """
    known = [-1 if name is None else numbers.setdefault(name, len(numbers)) for name in poses.track]
    track = np.array(known, np.int64)
    track[np.isnan(poses.points[..., 0]).all(axis=1)] = -1
    order = np.lexsort((track, poses.frame_idx))
    again = (np.diff(track[order]) == 0) & (np.diff(poses.frame_idx[order]) == 0)
    track[order[1:][again]] = -1
    return track


def tracked_rows(parts: Iterable[Poses], numbers: dict[str, int], ghosts: Array | None = None) -> Iterator[Rows]:
    """Yield the tracked rows of tables in their order, those of small tables together.

    Args:
        parts: tables of whole frames.
        numbers: of the tracks, by name; new names are added.
        ghosts: (tracks,) which tracks are left out.
    """
    held: list[Rows] = []
    for poses in parts:
        track = number_tracks(poses, numbers)
        kept = track >= 0
        if ghosts is not None:
            kept[kept] = ~ghosts[track[kept]]
        frame_idx, points = poses.frame_idx[kept].astype(np.int64), poses.points[kept].astype(np.float64)
        score = poses.instance_score[kept]
        held.append(Rows(frame_idx=frame_idx, track=track[kept], points=points, score=score))
        if sum(map(len, held)) >= AT_ONCE:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def windows(parts: Iterable[Rows], context: int) -> Iterator[Window]:
    """Yield windows whose ranges cover all frames once, each with `context` frames more at both ends."""
    held: Rows | None = None
    start = 0
    for part in parts:
        if not len(part):
            continue
        if held is None:
            held, start = part, int(part.frame_idx[0])
        else:
            held = _joined([held, part])
        stop = int(part.frame_idx[-1]) + 1 - context
        if stop > start:
            yield Window(rows=_sorted(held), start=start, stop=stop)
            held, start = held[held.frame_idx >= stop - context], stop
    if held is not None and len(held) and held.frame_idx[-1] >= start:
        yield Window(rows=_sorted(held), start=start, stop=int(held.frame_idx[-1]) + 1)


def evenly(values: Array, most: int) -> Array:
    """Return up to `most` of the values, evenly."""
    return values[np.linspace(0, len(values), min(len(values), most), endpoint=False).astype(np.int64)]


def _joined(parts: Sequence[Rows]) -> Rows:
    return Rows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def _sorted(rows: Rows) -> Rows:
    return rows[np.argsort(rows.key)]
