"""When each track was there: the numbers behind the timeline and the summary, read as a stream."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo
from antpipe.poses_file import iter_poses, read_info

MOST_BARS = 4000
"""Gaps shorter than this part of a film are narrower than a dot of a figure, and a film of hours has very many."""


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """Presence of all tracks of a video over the frames examined."""

    info: PosesInfo
    frames: Array
    """(examined,) the indices of the frames examined, in order."""
    animals: Array
    """(examined,) instances in each frame, with or without a track."""
    runs: dict[str, Array]
    """By track in order of appearance: (runs, 2) half-open ranges of positions in `frames` without a gap."""
    score_sum: float
    scored: int
    """Number of instances that have a score; those that people labelled have none."""

    def bars_s(self, track: str) -> list[tuple[float, float]]:
        """Return when a track was there as (start, length) in seconds, without the gaps that are too short to draw."""
        first, last = self.frames[self.runs[track][:, 0]], self.frames[self.runs[track][:, 1] - 1]
        shortest = (self.frames[-1] + 1 - self.frames[0]) / MOST_BARS
        spans = without_gaps(np.stack([first, last + 1], axis=1), shortest) / self.info.video.fps
        return [(float(start), float(stop - start)) for start, stop in spans]


def record_tracks(path: str | Path) -> TrackRecord:
    """Return the presence of the tracks of a poses file; memory grows with frames and gaps, not with points."""
    info = read_info(path)
    frames = np.concatenate([np.arange(start, stop) for start, stop in info.frames] or [np.zeros(0, np.int64)])
    animals = np.zeros(len(frames), np.int32)
    pieces: dict[str, list[Array]] = {}
    score_sum, scored = 0.0, 0
    for poses in iter_poses(path):
        at = np.searchsorted(frames, poses.frame_idx)
        np.add.at(animals, at, 1)
        for name, runs in _runs(poses, at):
            pieces.setdefault(name, []).append(runs)
        scores = poses.instance_score[~np.isnan(poses.instance_score)]
        score_sum, scored = score_sum + float(scores.sum(dtype=np.float64)), scored + len(scores)
    whole = {name: without_gaps(np.concatenate(parts), 0) for name, parts in pieces.items()}
    return TrackRecord(info=info, frames=frames, animals=animals, runs=whole, score_sum=score_sum, scored=scored)


def without_gaps(runs: Array, longest: float) -> Array:
    """Return rising half-open ranges (runs, 2) with those made one that are no farther apart than `longest`."""
    apart = np.append(True, runs[1:, 0] - runs[:-1, 1] > longest)
    return np.stack([runs[apart, 0], runs[np.append(apart[1:], True), 1]], axis=1)


def _runs(poses: Poses, at: Array) -> Iterator[tuple[str, Array]]:
    """Yield each track in order of appearance with its runs (runs, 2) of rising positions `at` (rows,)."""
    numbers: dict[str, int] = {}
    known = [-1 if name is None else numbers.setdefault(name, len(numbers)) for name in poses.track]
    track = np.array(known, np.int64)
    order = np.argsort(track, kind="stable")
    bounds = np.searchsorted(track[order], np.arange(len(numbers) + 1))
    for name, start, stop in zip(numbers, bounds[:-1], bounds[1:], strict=True):
        places = at[order[start:stop]].astype(np.int32)
        yield name, without_gaps(np.stack([places, places + 1], axis=1), 0)
