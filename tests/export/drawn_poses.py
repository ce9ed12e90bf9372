"""Drawn poses with everything awkward in them: gaps, missing nodes, untracked and user instances, hostile names."""

from dataclasses import replace

import numpy as np

from antpipe.geometry import Transform
from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, make_poses

SKELETON = Skeleton(
    nodes=("head", "left,foot", 'right"foot', "Fühler"),
    edges=(("head", "left,foot"), ("head", 'right"foot')),
    symmetries=(("left,foot", 'right"foot'),),
)
HALF_AND_SHIFTED = Transform(scale=(2.0, 2.0), offset=(100.5, 50.5))


def make_info(path: str = 'results/videos/Col 218, "cut" é.mp4', **changes) -> PosesInfo:
    video = VideoMeta(path=path, width=640, height=480, fps=24.0, frame_count=20)
    info = PosesInfo(
        skeleton=SKELETON, video=video, frames=((0, 12),), to_raw=HALF_AND_SHIFTED, provenance={"command": "track"}
    )
    return replace(info, **changes)


def draw_poses(info: PosesInfo, seed: int = 0) -> Poses:
    """Return nine instances in frames 0, 1, 3 and 10; frames 2, 4-9 and 11 were examined and are empty."""
    rng = np.random.default_rng(seed)
    frame_idx = [0, 0, 0, 1, 1, 3, 3, 3, 10]
    points = rng.uniform(0, 480, (9, 4, 2)).astype(np.float32)
    points[1, 2] = points[4, 0] = points[8, 3] = np.nan
    points[7, 1:] = np.nan
    scores = rng.uniform(0, 1, (11, 9)).astype(np.float32)
    tracking = np.where(np.arange(9) % 2, scores[9], np.nan)
    predicted = np.array([True] * 6 + [False] + [True] * 2)
    track = ["ant 1", "žába", None, "ant 1", "žába", None, "ant 1", None, 'a"b,c']
    return make_poses(
        info,
        frame_idx=frame_idx,
        points=points,
        point_scores=scores[:4].T,
        instance_score=np.where(predicted, scores[10], np.nan),
        tracking_score=tracking,
        track=track,
        predicted=predicted,
    )
