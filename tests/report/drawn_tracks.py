"""Drawn tracks with known gaps."""

import numpy as np

from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, make_poses

SKELETON = Skeleton(nodes=("head", "thorax", "abdomen"), edges=(("head", "thorax"), ("thorax", "abdomen")))


def make_info(frames=((0, 100),), size=(200, 160), **changes) -> PosesInfo:
    video = VideoMeta(path="videos/clip.mp4", width=size[0], height=size[1], fps=10.0, frame_count=100)
    return PosesInfo(skeleton=SKELETON, video=video, frames=frames, **changes)


def pose_at(x: float, y: float) -> np.ndarray:
    """Return an animal of 40 pixels that lies along x with its thorax at (x, y)."""
    return np.array([[x - 20, y], [x, y], [x + 20, y]])


def draw_tracks(info: PosesInfo, presence: dict[str | None, list[int]], score: float = 0.5) -> Poses:
    """Return poses in which each track is present in the given frames."""
    rows = sorted((frame, i, name) for i, (name, frames) in enumerate(presence.items()) for frame in frames)
    return make_poses(
        info,
        frame_idx=[frame for frame, _, _ in rows],
        points=np.array([pose_at(50 + frame, 30 * (i + 1)) for frame, i, _ in rows]).reshape(-1, 3, 2),
        instance_score=np.full(len(rows), score),
        track=[name for _, _, name in rows],
    )
