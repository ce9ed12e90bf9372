"""Frames, label files and poses files drawn by hand."""

import numpy as np
import sleap_io as sio

from antpipe.evaluation.frames import Frame
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import write_poses

NODES = ("head", "thorax", "tail")
POSE = np.array([[20.0, 0.0], [10.0, 10.0], [0.0, 0.0]])
"""A pose whose box is 20 by 10 pixels."""


def animals(*places, shift=0.0):
    """Poses (animals, 3, 2) at the given places along x, every node moved by `shift` in x."""
    return np.array([moved(POSE, (100.0 * place + shift, 0)) for place in places]).reshape(-1, 3, 2)


def moved(points, by):
    """The points, each moved by (x, y)."""
    return np.asarray(points) + np.array(by)


def frame(points, index=0, scores=None, video="film.mp4", tracks=None):
    points = np.asarray(points, float).reshape(-1, 3, 2)
    scores = np.ones(len(points)) if scores is None else np.asarray(scores, float)
    return Frame(
        video=video, frame_idx=index, points=points, scores=scores, tracks=tuple(tracks or [None] * len(points))
    )


def save_labels(path, frames, *, predicted=False, nodes=NODES, video="D:/films/film.mp4", tracks=None):
    """Write {frame_idx: points} as a label file."""
    skeleton, film = sio.Skeleton(list(nodes)), sio.Video(filename=video, open_backend=False)
    named = {name: sio.Track(name) for names in (tracks or {}).values() for name in names if name is not None}
    labeled = []
    for index, points in frames.items():
        of_frame = (tracks or {}).get(index, [None] * len(points))
        instances = [
            _instance(p, skeleton, named.get(track), predicted) for p, track in zip(points, of_frame, strict=True)
        ]
        labeled.append(sio.LabeledFrame(film, index, instances))
    labels = sio.Labels(labeled, videos=[film], skeletons=[skeleton], tracks=list(named.values()))
    labels.save(str(path), embed=False, verbose=False)
    return path


def save_poses(path, frames, *, count=None, predicted=True, nodes=NODES, video="results/videos/film.mp4", tracks=None):
    """Write {frame_idx: points} as a poses file whose first `count` frames were examined."""
    count = max(frames, default=-1) + 1 if count is None else count
    info = PosesInfo(
        skeleton=Skeleton(nodes=tuple(nodes)),
        video=VideoMeta(path=video, width=640, height=480, fps=25.0, frame_count=count),
        frames=((0, count),),
    )
    index = [i for i in sorted(frames) for _ in frames[i]]
    points = [p for i in sorted(frames) for p in frames[i]]
    names = None if tracks is None else [t for i in sorted(frames) for t in tracks[i]]
    poses = make_poses(
        info,
        frame_idx=np.array(index, np.int32),
        points=np.array(points).reshape(len(index), len(nodes), 2),
        instance_score=np.ones(len(index)),
        predicted=predicted,
        track=names,
    )
    write_poses(path, poses)
    return path


def _instance(points, skeleton, track, predicted):
    if predicted:
        scored = np.column_stack([points, np.ones(len(points))])
        return sio.PredictedInstance.from_numpy(scored, skeleton=skeleton, score=1.0, track=track)
    return sio.Instance.from_numpy(np.asarray(points, float), skeleton=skeleton, track=track)
