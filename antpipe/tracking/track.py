"""Tracks for a whole video: poses file in, poses file out, in one pass."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from antpipe.config.tracking import TrackConfig
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo, iter_poses, read_info, write_poses_to
from antpipe.progress import show_progress
from antpipe.provenance import provenance
from antpipe.tracking.tracker import Tracker


def track_poses(parts: Iterator[Poses], config: TrackConfig) -> Iterator[Poses]:
    """Yield the tables of one video, in frame order, with a track and a tracking score on every instance.

    Where models that tell animals apart made the predictions, an instance keeps the name and the score that they gave
    it; those without a name are linked to what is near, named animals among it. All other tracks are made anew.
    """
    tracker: Tracker | None = None
    for poses in parts:
        tracker = tracker or Tracker(config, poses.info.provenance.get("prediction", {}).get("classes", ()))
        track, score = np.full(len(poses), None, object), np.full(len(poses), np.nan, np.float32)
        for frame_idx, rows in poses.by_frame():
            known = [name if name in tracker.classes else None for name in poses.track[rows]]
            track[rows], linked = tracker.link(frame_idx, poses.points[rows], known)
            score[rows] = np.where([name is None for name in known], linked, poses.tracking_score[rows])
        yield replace(poses, track=track, tracking_score=score)


def track_file(predictions: str | Path, output: str | Path, config: TrackConfig) -> None:
    """Link the instances of a poses file into tracks.

    Instances that get no track stay in the table. Memory is that of one row group, whatever the video's length.
    """
    info = read_info(predictions)
    short = _short_tracks(predictions, config)
    with write_poses_to(output, _tracked_info(info, config)) as writer, show_progress("track") as advance:
        for poses in track_poses(iter_poses(predictions), config):
            kept = np.array([None if name in short else name for name in poses.track], object).reshape(-1)
            writer.write(replace(poses, track=kept, tracking_score=_without(poses.tracking_score, kept)))
            advance(int(poses.frame_idx[-1]) + 1 if len(poses) else 0, info.frame_total)


def _short_tracks(predictions: str | Path, config: TrackConfig) -> set[str]:
    """Return the tracks seen in fewer frames than `min_length`, by tracking once ahead."""
    if config.min_length == 1:
        return set()
    seen: Counter[str] = Counter()
    for poses in track_poses(iter_poses(predictions), config):
        seen.update(name for name in poses.track if name is not None)
    return {name for name, count in seen.items() if count < config.min_length}


def _without(scores: Array, track: Array) -> Array:
    untracked = np.array([name is None for name in track], bool)
    return np.where(untracked, np.float32(np.nan), scores)


def _tracked_info(info: PosesInfo, config: TrackConfig) -> PosesInfo:
    record = provenance("antpipe track", settings=config.model_dump(mode="json"))
    return replace(info, provenance={**info.provenance, "tracking": record})
