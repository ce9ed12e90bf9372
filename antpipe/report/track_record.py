"""When each track was there: the numbers behind the timeline and the summary, read as a stream."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo
from antpipe.poses_file import iter_poses, read_info


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """Presence of all tracks of a video over the frames examined."""

    info: PosesInfo
    frames: Array
    """(examined,) the indices of the frames examined, in order."""
    animals: Array
    """(examined,) instances in each frame, with or without a track."""
    runs: dict[str, list[tuple[int, int]]]
    """By track in order of appearance: half-open ranges of positions in `frames` without a gap."""
    score_sum: float
    scored: int
    """Number of instances that have a score; those that people labelled have none."""


def record_tracks(path: str | Path) -> TrackRecord:
    """Return the presence of the tracks of a poses file; memory grows with frames and gaps, not with points."""
    info = read_info(path)
    frames = np.concatenate([np.arange(start, stop) for start, stop in info.frames] or [np.zeros(0, np.int64)])
    animals = np.zeros(len(frames), np.int32)
    runs: dict[str, list[tuple[int, int]]] = {}
    score_sum, scored = 0.0, 0
    for poses in iter_poses(path):
        at = np.searchsorted(frames, poses.frame_idx)
        np.add.at(animals, at, 1)
        _extend_runs(runs, poses, at)
        scores = poses.instance_score[~np.isnan(poses.instance_score)]
        score_sum, scored = score_sum + float(scores.sum(dtype=np.float64)), scored + len(scores)
    return TrackRecord(info=info, frames=frames, animals=animals, runs=runs, score_sum=score_sum, scored=scored)


def _extend_runs(runs: dict[str, list[tuple[int, int]]], poses: Poses, at: Array) -> None:
    tracked = np.flatnonzero(poses.track != None)  # noqa: E711 (elementwise on an object array)
    for name in dict.fromkeys(poses.track[tracked]):
        places = np.unique(at[tracked[poses.track[tracked] == name]])
        breaks = np.flatnonzero(np.diff(places) > 1)
        starts = places[np.concatenate([[0], breaks + 1])]
        stops = places[np.concatenate([breaks, [len(places) - 1]])] + 1
        new = [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]
        known = runs.setdefault(name, [])
        if known and known[-1][1] >= new[0][0]:
            new[0] = (known.pop()[0], new[0][1])
        known.extend(new)
