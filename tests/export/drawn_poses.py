"""Drawn poses with everything awkward in them: gaps, missing nodes, untracked and user instances, hostile names."""

from dataclasses import replace

import numpy as np

from antpipe.geometry import Transform
from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, empty_poses, make_poses

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


def draw_without_animals() -> Poses:
    return empty_poses(make_info("videos/empty.mp4"))


def draw_one_node() -> Poses:
    """Return one node per animal, no edges."""
    info = make_info("v.mp4", skeleton=Skeleton(nodes=("head",)))
    return make_poses(info, frame_idx=[3, 3, 5], points=[[[1, 2]], [[5, 6]], [[3.5, 4]]], track=["a", "b", "a"])


def draw_without_points() -> Poses:
    """Return instances of which only the last has a visible node."""
    points = np.full((4, 4, 2), np.nan)
    points[3, 1] = 7.5, 8.25
    return make_poses(make_info("v.mp4"), frame_idx=[2, 2, 4, 4], points=points, track=["a", None, "a", "b"])


def draw_crowd() -> Poses:
    """Return 500 instances in each of two frames, half of them without a track."""
    points = np.random.default_rng(1).uniform(0, 480, (1000, 1, 2)).astype(np.float32)
    tracks = [f"ant {i}" if i < 250 else None for _ in range(2) for i in range(500)]
    info = make_info("crowd.mp4", skeleton=Skeleton(nodes=("thorax",)))
    return make_poses(info, frame_idx=np.repeat([4, 9], 500), points=points, track=tracks)


def draw_odd_names() -> Poses:
    """Return tracks and nodes named as some formats do not allow, or as they name their own things."""
    tracks = ["a/b", "a:b", "a_b", ".", "Skeletons", "scores", "untracked_0", None, "蟻 🐜", "$x$ \\ %s", "x" * 300]
    nodes = ("head/left", "head:left", "head_left", ".", "蟻")
    info = make_info("videos/蟻 #1.mp4", skeleton=Skeleton(nodes=nodes, edges=(("蟻", "."),)))
    points = np.random.default_rng(2).uniform(0, 480, (11, 5, 2)).astype(np.float32)
    return make_poses(info, frame_idx=[7] * 11, points=points, track=tracks)


DRAWN = {
    "awkward": lambda: draw_poses(make_info()),
    "no animal": draw_without_animals,
    "one node": draw_one_node,
    "no visible point": draw_without_points,
    "500 in a frame": draw_crowd,
    "odd names": draw_odd_names,
}
"""What every format must hold, or tell what it does not."""
