"""Files to frames: labels and poses, as the metrics compare them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.evaluation.frames import Frame
from antpipe.evaluation.mot import read_mot
from antpipe.geometry import Array
from antpipe.labels.read import instance_points, read_labels, skeleton_of
from antpipe.labels.videos import match_path, stored_path
from antpipe.poses import Poses, Skeleton, read_poses


@dataclass(frozen=True, kw_only=True)
class FrameSet:
    """The frames of a file."""

    frames: list[Frame]
    skeleton: Skeleton
    instances: str
    """Which instances these are: those of the `user`, `predicted` ones, or `boxes`."""


def read_frames(path: str | Path, *, prefer: str) -> FrameSet:
    """Return the frames of a label file, a poses file (`.parquet`) or MOTChallenge text (`.txt`).

    `prefer` says which instances count, `user` or `predicted`; a file that has none of them counts with the others.
    The frames of user labels are those with a user instance or marked as negative; of poses, all frames that were
    examined; of predictions in a label file, all frames in it.

    Raises:
        LabelError, PosesError: if the file cannot be read.
    """
    if Path(path).suffix == ".txt":
        corners = Skeleton(nodes=("left top", "right bottom"))
        return FrameSet(frames=read_mot(path, truth=prefer == "user"), skeleton=corners, instances="boxes")
    if Path(path).suffix == ".parquet":
        return _from_poses(read_poses(path), prefer)
    return _from_labels(read_labels(path), prefer)


def in_common_nodes(truth: FrameSet, predicted: FrameSet) -> tuple[FrameSet, FrameSet]:
    """Return both sets with the nodes that both have, in the order of the truth."""
    shared = tuple(node for node in truth.skeleton.nodes if node in predicted.skeleton.nodes)
    return _with_nodes(truth, shared), _with_nodes(predicted, shared)


def in_truth_nodes(truth: FrameSet, predicted: FrameSet) -> FrameSet:
    """Return the predictions with all nodes of the truth, in its order; NaN where they have no such node."""
    row = {node: i for i, node in enumerate(predicted.skeleton.nodes)}
    columns = [row.get(node, len(row)) for node in truth.skeleton.nodes]
    frames = [
        replace(f, points=np.pad(f.points, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)[:, columns])
        for f in predicted.frames
    ]
    return replace(predicted, frames=frames, skeleton=truth.skeleton)


def with_truth_videos(truth: FrameSet, predicted: FrameSet) -> tuple[FrameSet, dict[str, str | None]]:
    """Return the predictions under the truth's names of the videos, and which video was paired with which.

    Videos are paired by path, else by file name, else by name without suffix; a predicted video without a partner
    is left out, a true one is paired with None.

    Raises:
        LabelError: if no video has a partner, or one could have several.
    """
    names = _video_names(predicted)
    pairs: dict[str, str | None] = {}
    for video in _video_names(truth):
        found = match_path(video, {name: [name] for name in names})
        if len(found) > 1:
            raise LabelError(f"evaluation: video {video!r} could be any of {found} in the predictions; rename them")
        pairs[video] = found[0] if found else None
    true_name = {other: video for video, other in pairs.items() if other is not None}
    if truth.frames and predicted.frames and not true_name:
        raise LabelError(
            f"evaluation: expected the same videos in truth and predictions, got {list(pairs)} and {names}; evaluate "
            "predictions of the labelled videos, and keep the names of the video files"
        )
    frames = [replace(f, video=true_name[f.video]) for f in predicted.frames if f.video in true_name]
    return replace(predicted, frames=frames), pairs


def _from_labels(labels: sio.Labels, prefer: str) -> FrameSet:
    skeleton = skeleton_of(labels)
    counts = {"user": labels.n_user_instances, "predicted": labels.n_pred_instances}
    kind = _choose(prefer, {name for name, count in counts.items() if count})
    frames = [
        _labels_frame(frame, skeleton, kind)
        for video in labels.videos
        for frame in labels.labeled_frames
        if frame.video is video and (kind == "predicted" or frame.has_user_instances or frame.is_negative)
    ]
    return FrameSet(frames=frames, skeleton=skeleton, instances=kind)


def _labels_frame(frame: sio.LabeledFrame, skeleton: Skeleton, kind: str) -> Frame:
    instances = frame.user_instances if kind == "user" else frame.predicted_instances
    points = [instance_points(instance, skeleton) for instance in instances]
    return Frame(
        video=stored_path(frame.video),
        frame_idx=int(frame.frame_idx),
        points=np.array(points, np.float64).reshape(len(points), len(skeleton.nodes), 2),
        scores=np.array([getattr(instance, "score", 1.0) for instance in instances], np.float64),
        tracks=tuple(instance.track.name if instance.track else None for instance in instances),
    )


def _from_poses(poses: Poses, prefer: str) -> FrameSet:
    kinds = {"predicted" if predicted else "user" for predicted in np.unique(poses.predicted)}
    kind = _choose(prefer, kinds)
    chosen = poses[poses.predicted == (kind == "predicted")]
    frames = list(_poses_frames(chosen))
    return FrameSet(frames=frames, skeleton=poses.info.skeleton, instances=kind)


def _poses_frames(poses: Poses) -> Iterator[Frame]:
    rows = dict(poses.by_frame())
    for start, stop in poses.info.frames:
        for frame_idx in range(start, stop):
            of_frame = rows.get(frame_idx, slice(0, 0))
            yield Frame(
                video=poses.info.video.path,
                frame_idx=frame_idx,
                points=poses.points[of_frame].astype(np.float64),
                scores=poses.instance_score[of_frame].astype(np.float64),
                tracks=tuple(poses.track[of_frame]),
            )


def _choose(prefer: str, present: set[str]) -> str:
    return prefer if prefer in present or not present else present.pop()


def _with_nodes(frames: FrameSet, nodes: tuple[str, ...]) -> FrameSet:
    columns: Sequence[int] | Array = [frames.skeleton.nodes.index(node) for node in nodes]
    picked = [replace(frame, points=frame.points[:, columns]) for frame in frames.frames]
    return replace(frames, frames=picked, skeleton=Skeleton(nodes=nodes))


def _video_names(frames: FrameSet) -> list[str]:
    return list(dict.fromkeys(frame.video for frame in frames.frames))
