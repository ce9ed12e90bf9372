"""The ants of one video at any moment: exact poses, who covers whom, what the camera sees."""

from dataclasses import dataclass

import numpy as np

from antpipe.config.simulate import SimulateConfig
from antpipe.geometry import Array
from antpipe.synthetic.body import body_parts, covers
from antpipe.synthetic.difficulty import DIFFICULTIES, Difficulty
from antpipe.synthetic.gait import (
    Anatomy,
    Articulation,
    articulate,
    at_knots,
    find_footholds,
    grow_ants,
    place_feet,
    place_nodes,
)
from antpipe.synthetic.skeleton import FEET, KNEES, LEG_PARENTS, LOWER_THORAX, UPPER_THORAX
from antpipe.synthetic.walking import Walk, walk

CHUNK = 64
"""Frames worked on at a time."""
NODE_REACH, BODY_REACH = 1.5, 0.75
"""Farthest that a node, and any of its body, may be from an ant's middle, in body lengths."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that happens in one video."""

    config: SimulateConfig
    video: int
    """Index of the video, from 0."""
    traits: Difficulty
    anatomy: Anatomy
    walk: Walk
    angles: Articulation
    footholds: Array
    depth: Array
    """(ants,) rank: an ant walks over those of a lower rank."""


@dataclass(frozen=True, kw_only=True)
class Posture:
    """The ants at some moments; arrays start with (times, ants)."""

    points: Array
    """(times, ants, nodes, 2) pixels."""
    heading: Array
    angles: Articulation
    planted: Array
    """(times, ants, legs) whether the foot stands on the ground."""


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """What an ideal tracker would find in one video, and what it could not see."""

    points: Array
    """(frames, ants, nodes, 2) true position of every node in pixels, seen or not."""
    visible: Array
    """(frames, ants, nodes) inside the picture and not under the body of another ant."""
    heading: Array
    """(frames, ants) direction of the thorax in radians, -pi to pi, from the x axis towards the y axis."""
    head_yaw: Array
    """(frames, ants) angle of Neck to Head from the heading, in radians; positive to the ant's right."""
    gaster_yaw: Array
    """(frames, ants) angle of Petiole to Abdomen from the heading reversed; positive when it points to the left."""
    knee_angle: Array
    """(frames, ants, legs) angle at each knee between the leg's body node and its foot, in radians; pi is straight."""
    planted: Array
    """(frames, ants, legs) whether the foot stands on the ground."""
    body_length: Array
    """(ants,) in pixels."""
    depth: Array
    """(ants,) rank: an ant covers those of a lower rank."""
    names: tuple[str, ...]
    """(ants,) identities."""


def make_scene(config: SimulateConfig, video_index: int) -> Scene:
    """Return the ants of a video and their ways; the same config and index give the same scene."""
    rng = random_numbers(config, video_index, "scene")
    traits = DIFFICULTIES[config.difficulty]
    anatomy = grow_ants(rng, config.body_length, config.ants)
    size = (config.width, config.height)
    path = walk(rng, lengths=anatomy.length, frames=config.frames, fps=config.fps, size=size, traits=traits)
    return Scene(
        config=config,
        video=video_index,
        traits=traits,
        anatomy=anatomy,
        walk=path,
        angles=articulate(rng, len(path.heading), config.ants, config.fps),
        footholds=find_footholds(rng, path, anatomy),
        depth=rng.permutation(config.ants),
    )


def simulate_tracks(config: SimulateConfig, video_index: int) -> Tracks:
    """Return the exact poses of all frames of a video, without drawing it."""
    scene = make_scene(config, video_index)
    parts = [observe(scene, np.arange(start, stop)) for start, stop in frame_chunks(config.frames)]
    posture, visible = [p for p, _ in parts], np.concatenate([v for _, v in parts])
    points = np.concatenate([p.points for p in posture])
    return Tracks(
        points=points,
        visible=visible,
        heading=np.angle(np.exp(1j * np.concatenate([p.heading for p in posture]))),
        head_yaw=np.concatenate([p.angles.head_yaw for p in posture]),
        gaster_yaw=np.concatenate([p.angles.gaster_yaw for p in posture]),
        knee_angle=knee_angles(points),
        planted=np.concatenate([p.planted for p in posture]),
        body_length=scene.anatomy.length,
        depth=scene.depth,
        names=identities(config.ants),
    )


def pose_at(scene: Scene, times: Array) -> Posture:
    """Return the ants at times (times,) in frames; fractions lie between frames."""
    knots = np.asarray(times, np.float64) + scene.walk.padding
    position, heading = at_knots(scene.walk.position, knots), at_knots(scene.walk.heading, knots)
    angles = Articulation(**{name: at_knots(values, knots) for name, values in vars(scene.angles).items()})
    feet, planted = place_feet(at_knots(scene.walk.phase, knots), scene.footholds)
    points = place_nodes(scene.anatomy, position, heading, angles, feet)
    return Posture(points=points, heading=heading, angles=angles, planted=planted)


def observe(scene: Scene, frames: Array) -> tuple[Posture, Array]:
    """Return the ants at frames (frames,), and which nodes (frames, ants, nodes) the camera sees."""
    posture = pose_at(scene, frames)
    size = (scene.config.width, scene.config.height)
    return posture, visible_nodes(posture.points, scene.anatomy.length, scene.depth, size)


def visible_nodes(points: Array, length: Array, depth: Array, size: tuple[int, int]) -> Array:
    """Return which nodes (times, ants, nodes) of points (times, ants, nodes, 2) a camera above sees.

    A node is hidden outside the picture of `size` (width, height), whose pixels end half a pixel beyond the centres
    of the outermost, and under the head, thorax, petiole or gaster of an ant of higher depth rank.
    """
    inside = ((points >= -0.5) & (points < np.array(size) - 0.5)).all(axis=-1)
    hidden = np.zeros(inside.shape, bool)
    middle = points[..., (UPPER_THORAX, LOWER_THORAX), :].mean(axis=-2)
    x, y = (middle[:, :, None, axis] - middle[:, None, :, axis] for axis in (0, 1))
    near = x * x + y * y < (NODE_REACH * length[:, None] + BODY_REACH * length) ** 2
    time, lower, upper = np.nonzero(near & (depth[:, None] < depth))
    x, y = np.moveaxis(points[time, lower] - middle[time, upper, None], -1, 0)
    pair, node = np.nonzero(x * x + y * y < (BODY_REACH * length[upper, None]) ** 2)
    time, lower, upper = time[pair], lower[pair], upper[pair]
    bodies = body_parts(points, np.broadcast_to(length, points.shape[:2]))
    under = covers(bodies[time, upper], points[time, lower, node])
    hidden[time[under], lower[under], node[under]] = True
    return inside & ~hidden


def knee_angles(points: Array) -> Array:
    """Return the angle (..., legs) at the knees of points (..., nodes, 2), in radians from 0 to pi."""
    knee = points[..., KNEES, :]
    to_body, to_foot = points[..., LEG_PARENTS, :] - knee, points[..., FEET, :] - knee
    cross = to_body[..., 0] * to_foot[..., 1] - to_body[..., 1] * to_foot[..., 0]
    return np.abs(np.arctan2(cross, (to_body * to_foot).sum(axis=-1)))


def identities(ants: int) -> tuple[str, ...]:
    """Return the names of the ants: ant_01, ant_02, ..."""
    digits = max(2, len(str(ants)))
    return tuple(f"ant_{ant:0{digits}}" for ant in range(1, ants + 1))


def frame_chunks(frames: int) -> list[tuple[int, int]]:
    """Return half-open ranges that cover all frames."""
    return [(start, min(start + CHUNK, frames)) for start in range(0, frames, CHUNK)]


def random_numbers(config: SimulateConfig, video_index: int, purpose: str) -> np.random.Generator:
    """Return random numbers of their own for one purpose in one video."""
    return np.random.default_rng([config.seed, video_index, *purpose.encode()])
