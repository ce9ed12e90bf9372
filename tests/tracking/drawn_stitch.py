"""Drawn films of animals that walk, with tracks as a tracker might have left them."""

import itertools
from functools import partial

import numpy as np

from antpipe.config.stitching import StitchConfig
from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.tracking.stitch import plan_stitching

NODES = ("head", "thorax", "left", "right", "tail")
SKELETON = Skeleton(
    nodes=NODES, edges=(("head", "thorax"), ("thorax", "left"), ("thorax", "right"), ("thorax", "tail"))
)
BODY = np.array([[12.0, 0], [0, 0], [-2, -8], [-2, 8], [-16, 0]])
SIZE = (800, 600)


def info_of(frames: int, skeleton: Skeleton = SKELETON, **changes) -> PosesInfo:
    video = VideoMeta(path="film.mp4", width=SIZE[0], height=SIZE[1], fps=25.0, frame_count=frames)
    return PosesInfo(skeleton=skeleton, video=video, frames=((0, frames),), **changes)


def walkers(rng: np.random.Generator, frames: int, sizes: list[float]) -> np.ndarray:
    """Return poses (frames, animals, nodes, 2) of animals of these sizes that wander about, in the picture's middle."""
    animals = len(sizes)
    turn = np.cumsum(rng.normal(0, 0.12, (frames, animals)), axis=0) + rng.uniform(-np.pi, np.pi, animals)
    place = np.cumsum(2.5 * np.stack([np.cos(turn), np.sin(turn)], axis=-1), axis=0)
    span = np.array(SIZE) - 200
    # Reflected at the walls of a box within the picture.
    start = rng.uniform(0, 1, (animals, 2)) * span
    folded = np.abs((start + place) % (2 * span) - span) + 100
    heading = np.arctan2(*np.gradient(folded, axis=0)[..., ::-1].transpose(2, 0, 1))
    return place_bodies(folded, heading, sizes) + rng.normal(0, 0.3, (frames, animals, len(NODES), 2))


def place_bodies(place: np.ndarray, heading: np.ndarray, sizes: list[float]) -> np.ndarray:
    """Return poses (frames, animals, nodes, 2) at places (frames, animals, 2) with headings (frames, animals)."""
    cos, sin = np.cos(heading)[..., None], np.sin(heading)[..., None]
    body = BODY * np.array(sizes)[:, None, None]
    x, y = body[..., 0], body[..., 1]
    return place[..., None, :] + np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def film(points: np.ndarray, tracks: np.ndarray, skeleton: Skeleton = SKELETON, **changes) -> Poses:
    """Return poses (frames, animals, nodes, 2) as a table; `tracks` (frames, animals) are names, "" for not found."""
    frame, animal = np.nonzero(tracks != "")
    names = [None if name == "none" else name for name in tracks[frame, animal]]
    return make_poses(
        info_of(len(points), skeleton, **changes), frame_idx=frame, points=points[frame, animal], track=names
    )


def named(frames: int, names: list[str]) -> np.ndarray:
    """Return the tracks (frames, animals) of animals that keep their names."""
    return np.tile(np.array(names, object), (frames, 1))


def parts_of(poses: Poses, rows: int) -> list[Poses]:
    """Return the table in parts of whole frames."""
    cuts = [0]
    for frame in np.unique(poses.frame_idx):
        stop = int(np.searchsorted(poses.frame_idx, frame, side="right"))
        if stop - cuts[-1] >= rows or stop == len(poses):
            cuts.append(stop)
    return [poses[a:b] for a, b in itertools.pairwise(cuts) if b > a]


def stitched(poses: Poses, rows: int = 10**9, **settings):
    """Return the tracks (rows,) after stitching, and the events; `animals` and settings of the section are given."""
    animals = settings.pop("animals", None)
    parts = parts_of(poses, rows)
    plan = plan_stitching(partial(iter, parts), poses.info, StitchConfig(**settings), animals=animals)
    return np.concatenate([np.zeros(0, object), *(plan.rename(part).track for part in parts)]), sorted(plan.events)
