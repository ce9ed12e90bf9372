"""Files to frames: labels and poses, as the metrics compare them."""

from collections.abc import Collection, Iterator
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
from antpipe.poses import Poses, Skeleton, concat_poses, empty_poses
from antpipe.poses_file import iter_poses, read_info


@dataclass(frozen=True, kw_only=True)
class FrameSet:
    """The frames of a file."""

    frames: list[Frame]
    skeleton: Skeleton
    instances: str
    """Which instances these are: those of the `user`, `predicted` ones, or `boxes`."""


def read_frames(path: str | Path, *, prefer: str, only: Collection[int] | None = None) -> FrameSet:
    """Return the frames of a label file, a poses file (`.parquet`) or MOTChallenge text (`.txt`).

    `prefer` says which instances count, `user` or `predicted`; a file that has none of them counts with the others.
    The frames of user labels are those with a user instance or marked as negative; of poses, all frames that were
    examined; of predictions in a label file, all frames in it. With `only`, frames of other indices come without
    their instances, so that a whole video's predictions against a few labelled frames take little memory.

    Raises:
        LabelError, PosesError: if the file cannot be read.
    """
    if Path(path).suffix == ".txt":
        corners = Skeleton(nodes=("left top", "right bottom"))
        return FrameSet(frames=read_mot(path, truth=prefer == "user"), skeleton=corners, instances="boxes")
    if Path(path).suffix == ".parquet":
        return _from_poses(path, prefer, only)
    return _from_labels(read_labels(path), prefer, only)


def in_common_nodes(truth: FrameSet, predicted: FrameSet) -> tuple[FrameSet, FrameSet]:
    """Return both sets with the nodes that both have, in the order of the truth."""
    shared = Skeleton(nodes=tuple(node for node in truth.skeleton.nodes if node in predicted.skeleton.nodes))
    return _with_nodes(truth, shared), _with_nodes(predicted, shared)


def in_truth_nodes(truth: FrameSet, predicted: FrameSet) -> FrameSet:
    """Return the predictions with all nodes of the truth, in its order; NaN where they have no such node."""
    return _with_nodes(predicted, truth.skeleton)


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


def _from_labels(labels: sio.Labels, prefer: str, only: Collection[int] | None) -> FrameSet:
    skeleton = skeleton_of(labels)
    counts = {"user": labels.n_user_instances, "predicted": labels.n_pred_instances}
    kind = _choose(prefer, {name for name, count in counts.items() if count})
    frames = [
        _labels_frame(frame, skeleton, kind, only)
        for video in labels.videos
        for frame in labels.labeled_frames
        if frame.video is video and (kind == "predicted" or frame.has_user_instances or frame.is_negative)
    ]
    return FrameSet(frames=frames, skeleton=skeleton, instances=kind)


def _labels_frame(frame: sio.LabeledFrame, skeleton: Skeleton, kind: str, only: Collection[int] | None) -> Frame:
    instances = frame.user_instances if kind == "user" else frame.predicted_instances
    if only is not None and frame.frame_idx not in only:
        instances = []
    points = [instance_points(instance, skeleton) for instance in instances]
    point_scores = [_point_scores(instance, skeleton) for instance in instances] if kind == "predicted" else None
    shape = (len(instances), len(skeleton.nodes))
    return Frame(
        video=stored_path(frame.video),
        frame_idx=int(frame.frame_idx),
        points=np.array(points, np.float64).reshape(*shape, 2),
        scores=np.array([getattr(instance, "score", 1.0) for instance in instances], np.float64),
        tracks=tuple(instance.track.name if instance.track else None for instance in instances),
        point_scores=None if point_scores is None else np.array(point_scores, np.float64).reshape(shape),
    )


def _point_scores(instance: sio.PredictedInstance, skeleton: Skeleton) -> Array:
    """Return the scores (nodes,) of an instance's points in the skeleton's order of nodes, NaN where it has none."""
    score = dict(zip(instance.skeleton.node_names, instance.points["score"], strict=True))
    return np.array([score.get(node, np.nan) for node in skeleton.nodes])


def _from_poses(path: str | Path, prefer: str, only: Collection[int] | None) -> FrameSet:
    info = read_info(path)
    kinds: set[str] = set()
    parts = [empty_poses(info)]
    for poses in iter_poses(path):
        kinds |= {"predicted" if predicted else "user" for predicted in np.unique(poses.predicted)}
        parts.append(poses if only is None else poses[np.isin(poses.frame_idx, list(only))])
    kind = _choose(prefer, kinds)
    poses = concat_poses(parts)
    frames = list(_poses_frames(poses[poses.predicted == (kind == "predicted")]))
    return FrameSet(frames=frames, skeleton=info.skeleton, instances=kind)


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
                point_scores=poses.point_scores[of_frame].astype(np.float64),
            )


def _choose(prefer: str, present: set[str]) -> str:
    return prefer if prefer in present or not present else present.pop()


def _with_nodes(frames: FrameSet, skeleton: Skeleton) -> FrameSet:
    row = {node: i for i, node in enumerate(frames.skeleton.nodes)}
    columns = [row.get(node, -1) for node in skeleton.nodes]
    return replace(frames, frames=[frame.with_nodes(columns) for frame in frames.frames], skeleton=skeleton)


def _video_names(frames: FrameSet) -> list[str]:
    return list(dict.fromkeys(frame.video for frame in frames.frames))
