"""Predicted frames as a label file, ready to be corrected."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.read import skeleton_of, used_skeletons
from antpipe.labels.suggest_video import OpenedVideo, iter_on_video
from antpipe.poses import Poses, Skeleton

_ONE_NODE_MORE = ((0, 0), (0, 1), (0, 0))
"""Padding of (instances, nodes, 2) by a place for nodes that the poses lack."""


def label_skeleton(skeleton: Skeleton, labels: sio.Labels | None) -> sio.Skeleton:
    """Return the skeleton to label with: that of the labels, with which the file will be merged, else of the poses.

    Raises:
        LabelError: if the labels lack a node of the poses.
    """
    if labels is None:
        return sio.Skeleton(list(skeleton.nodes), list(skeleton.edges), list(skeleton.symmetries), name="animal")
    missing = sorted(set(skeleton.nodes) - set(skeleton_of(labels).nodes))
    if missing:
        raise LabelError(
            f"labels: expected all nodes of the poses, but {missing} are missing; name the labels that the models were "
            "trained on"
        )
    return used_skeletons(labels)[0]


def predicted_frames(
    path: Path, frames: Collection[int], opened: OpenedVideo, skeleton: sio.Skeleton
) -> list[sio.LabeledFrame]:
    """Return some frames of a poses file with their animals as predicted instances, in the video that is opened.

    A frame without animals is left out, and so is an instance without a visible node, which nobody could see.
    """
    found: list[sio.LabeledFrame] = []
    tracks: dict[str, sio.Track] = {}
    if not frames:
        return found
    for poses in iter_on_video(path):
        wanted = poses[np.isin(poses.frame_idx, list(frames)) & ~np.isnan(poses.points[..., 0]).all(axis=1)]
        tracks |= {name: sio.Track(name) for name in wanted.track if name is not None and name not in tracks}
        instances = _instances(wanted, opened, skeleton, tracks)
        for frame_idx, rows in wanted.by_frame():
            found.append(sio.LabeledFrame(opened.video, frame_idx + opened.first, instances[rows]))
    return found


def _instances(
    poses: Poses, opened: OpenedVideo, skeleton: sio.Skeleton, tracks: Mapping[str, sio.Track]
) -> list[sio.PredictedInstance]:
    own = poses.info.skeleton.nodes
    columns = [own.index(node) if node in own else len(own) for node in skeleton.node_names]
    points = np.pad(opened.moved_by(poses.points.astype(np.float64)), _ONE_NODE_MORE, constant_values=np.nan)
    # SLEAP's own files have 0, not NaN, where there is no score.
    scores = np.pad(np.nan_to_num(poses.point_scores), _ONE_NODE_MORE[:2])
    return [
        sio.PredictedInstance.from_numpy(
            points[row, columns],
            skeleton=skeleton,
            point_scores=scores[row, columns],
            score=float(np.nan_to_num(poses.instance_score[row])),
            track=tracks.get(poses.track[row]),
            tracking_score=float(np.nan_to_num(poses.tracking_score[row])),
        )
        for row in range(len(poses))
    ]
