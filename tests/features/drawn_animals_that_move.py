"""Drawn animals whose angles, lengths and speeds are known."""

from dataclasses import replace
from functools import cache

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.config.simulate import SimulateConfig
from antpipe.features.measure import measure
from antpipe.features.plan import describe_columns, plan_features
from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.synthetic.scene import Tracks, simulate_tracks
from antpipe.synthetic.skeleton import ANT_SKELETON

FPS = 20.0
STICK = Skeleton(nodes=("tail", "middle", "head"), edges=(("tail", "middle"), ("middle", "head")))
"""An animal that is no ant."""


def make_info(skeleton=STICK, frames=100, **changes) -> PosesInfo:
    video = VideoMeta(path="videos/walk.mp4", width=640, height=480, fps=FPS, frame_count=frames)
    return replace(PosesInfo(skeleton=skeleton, video=video, frames=((0, frames),)), **changes)


def stick_at(places, degrees=0.0, length=10.0) -> np.ndarray:
    """Return straight animals (rows, 3, 2) whose middles are at places (rows, 2), heading as given."""
    places = np.asarray(places, np.float64)
    turn = np.radians(np.broadcast_to(degrees, len(places)))
    along = length / 2 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return np.stack([places - along, places, places + along], axis=1)


def one_track(places, frames=None, degrees=0.0, **changes) -> Poses:
    frames = np.arange(len(places)) if frames is None else frames
    return make_poses(
        make_info(**changes), frame_idx=frames, points=stick_at(places, degrees), track=["a"] * len(places)
    )


def features_of(poses: Poses, parts=None, **settings) -> dict[str, np.ndarray]:
    """Return the features of poses that come at once, or in the parts given."""
    config = FeaturesConfig(**settings).of_video("walk")
    features = plan_features(config, poses.info.skeleton)
    info = replace(poses.info, features=describe_columns(features, poses.info))
    found = list(measure([poses] if parts is None else parts, list(features.values()), info))
    return {name: np.concatenate([part.features[name] for part in found]) for name in info.features}


@cache
def simulated_ants(frames=60, ants=4, seed=3) -> tuple[Poses, Tracks]:
    """Return the poses of simulated ants, and the truth about them; hidden nodes are NaN in the poses alone."""
    config = SimulateConfig(videos=1, ants=ants, frames=frames, width=320, height=240, body_length=40, seed=seed)
    truth = simulate_tracks(config, 0)
    points = np.where(truth.visible[..., None], truth.points, np.nan)
    frame, ant = np.nonzero(~np.isnan(points).all(axis=(2, 3)))
    video = VideoMeta(path="videos/ants.mp4", width=320, height=240, fps=config.fps, frame_count=frames)
    info = PosesInfo(skeleton=ANT_SKELETON, video=video, frames=((0, frames),))
    names = np.array(truth.names, object)
    return make_poses(info, frame_idx=frame, points=points[frame, ant], track=names[ant]), truth


def of_each(poses: Poses, truth: Tracks, values: np.ndarray) -> np.ndarray:
    """Return values (frames, ants, ...) in the order of the rows of poses."""
    ant = [truth.names.index(name) for name in poses.track]
    return values[poses.frame_idx, ant]
