"""The numbers of all frames of several videos, in two passes over their poses."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.config.suggest import SuggestConfig
from antpipe.geometry import Array, bounding_boxes
from antpipe.labels.read import labelled_frames, user_points
from antpipe.labels.suggest_poses import fit_pose_space, sample_points
from antpipe.labels.suggest_scores import FrameRecord, record_frames
from antpipe.labels.suggest_video import iter_on_video
from antpipe.poses import Poses, PosesInfo, Skeleton
from antpipe.progress import Advance, show_progress

SAMPLE = 20_000
"""Poses, over all videos, from which common poses are learnt."""
LABELLED = 256
"""Labelled poses, spread over all of them, that count as known."""


def record_videos(
    paths: Sequence[Path], infos: Sequence[PosesInfo], labels: sio.Labels | None, config: SuggestConfig
) -> list[FrameRecord]:
    """Return the numbers of the frames of several poses files, which have one skeleton.

    The first pass learns which poses are common, the second one looks at each frame. Memory is that of one row group,
    a sample of poses, and a few numbers per frame.
    """
    rng = np.random.default_rng(config.seed)
    total = 2 * sum(info.frame_total for info in infos)
    with show_progress("suggest") as advance:
        done, samples, records = 0, [], []
        for path, info in zip(paths, infos, strict=True):
            parts = _counted(iter_on_video(path), done, total, advance)
            samples.append(sample_points(parts, info.skeleton, -(-SAMPLE // len(paths)), rng))
            done += info.frame_total
        space = fit_pose_space(np.concatenate(samples), _labelled_points(labels, infos[0].skeleton))
        for path, info, sample in zip(paths, infos, samples, strict=True):
            parts = _counted(iter_on_video(path), done, total, advance)
            records.append(record_frames(info, parts, space, _size(sample), config.count_window))
            done += info.frame_total
    return records


def _labelled_points(labels: sio.Labels | None, skeleton: Skeleton) -> Array:
    """Return labelled poses (instances, nodes, 2), thinned to `LABELLED`."""
    frames = labelled_frames(labels) if labels is not None else []
    points = [np.zeros((0, len(skeleton.nodes), 2)), *(user_points(frame, skeleton) for frame in frames)]
    joined = np.concatenate(points)
    return joined[:: max(-(-len(joined) // LABELLED), 1)]


def _counted(parts: Iterator[Poses], before: int, total: int, advance: Advance) -> Iterator[Poses]:
    frames = before
    for poses in parts:
        yield poses
        frames += len(np.unique(poses.frame_idx))
        advance(frames, total)


def _size(points: Array) -> float:
    """Return the median diagonal of the bounding boxes of poses, in pixels; 1 where there is none."""
    boxes = bounding_boxes(points)
    diagonals = np.hypot(*(boxes[:, 2:] - boxes[:, :2]).T)
    diagonals = diagonals[diagonals > 0]
    return float(np.median(diagonals)) if len(diagonals) else 1.0
