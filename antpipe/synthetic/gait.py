"""How ants are built and how they move: proportions, a tripod gait with planted feet, nodding head and gaster.

Left fore, right mid and left hind leg swing while the other three stand. A foot stands where its neutral position
lies in the middle of its stance, so feet never slip, whatever way the body takes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from antpipe.geometry import Array
from antpipe.synthetic.skeleton import (
    ABDOMEN,
    BODY_LENGTH_LOG_SD,
    FEET,
    GASTER_YAW_SD,
    HEAD,
    HEAD_YAW_SD,
    KNEES,
    LEGS,
    LOWER_THORAX,
    MEAN_POSE,
    NECK,
    NODES,
    PETIOLE,
    POSE_SPREAD,
    UPPER_THORAX,
)
from antpipe.synthetic.walking import Walk

DUTY = 0.6
"""Part of a stride in which a foot stands."""
TRIPOD = np.array([0.0, 0.5, 0.5, 0.0, 0.0, 0.5])
"""Phase of each leg, in the order of LEGS."""
KNEE_FOLLOWS = 0.4
"""How far a knee moves with its foot."""
ANT_SHARE, STEP_SHARE = 0.6, 0.45
"""Parts of the documented spread that differ between ants and between steps; the stride itself makes the rest."""
SEGMENT_LOG_SD = np.array([0.10, 0.10, 0.10, 0.14, 0.07])
NECK_BEND_SD, PETIOLE_BEND_SD = np.deg2rad(4), np.deg2rad(4)
ANTENNA_MEAN = np.deg2rad([48.0, -22.0])
"""Angle of the scape from the head's axis, and of the funiculus from the scape."""
ANTENNA_SD = np.deg2rad([14.0, 20.0])


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """The build of every ant."""

    length: Array
    """(ants,) body length in pixels."""
    segments: Array
    """(ants, 5) pixels from Head to Neck, ... to Abdomen; their sum is the body length."""
    feet: Array
    """(ants, legs, 2) feet in the middle of their stance, in body coordinates, pixels."""
    knees: Array
    """(ants, legs, 2) knees of a leg whose foot is there."""


@dataclass(frozen=True, kw_only=True)
class Articulation:
    """Angles of the body's joints at whole frames, with the same knots as the walk, in radians."""

    head_yaw: Array
    """(knots, ants) of the head's axis from the heading; positive to the ant's right."""
    gaster_yaw: Array
    """(knots, ants) of the gaster's axis from the heading reversed; positive when its end is to the ant's left."""
    neck_bend: Array
    """(knots, ants) of the line UpperThorax to Neck from the heading."""
    petiole_bend: Array
    """(knots, ants) of the line LowerThorax to Petiole from the heading reversed."""
    antennae: Array
    """(knots, ants, 2, 2) by side (left, right): angle of scape and funiculus, outwards."""


def grow_ants(rng: np.random.Generator, body_length: float, ants: int) -> Anatomy:
    """Return ants of about `body_length` pixels that differ as real ones do."""
    length = body_length * np.exp(BODY_LENGTH_LOG_SD * _bounded_normal(rng, ants))
    segments = np.linalg.norm(np.diff(MEAN_POSE[:6], axis=0), axis=1) * np.exp(
        SEGMENT_LOG_SD * _bounded_normal(rng, (ants, 5))
    )
    segments *= (length / segments.sum(axis=1))[:, None]
    legs = MEAN_POSE + ANT_SHARE * POSE_SPREAD * _bounded_normal(rng, (ants, len(NODES), 2))
    legs *= length[:, None, None]
    return Anatomy(length=length, segments=segments, feet=legs[:, FEET], knees=legs[:, KNEES])


def articulate(rng: np.random.Generator, knots: int, ants: int, fps: float) -> Articulation:
    """Return joint angles that wander smoothly, at `knots` times `1 / fps` seconds apart."""
    return Articulation(
        head_yaw=HEAD_YAW_SD * _smooth_noise(rng, (knots, ants), 0.25 * fps),
        gaster_yaw=GASTER_YAW_SD * _smooth_noise(rng, (knots, ants), 0.4 * fps),
        neck_bend=NECK_BEND_SD * _smooth_noise(rng, (knots, ants), 0.4 * fps),
        petiole_bend=PETIOLE_BEND_SD * _smooth_noise(rng, (knots, ants), 0.4 * fps),
        antennae=ANTENNA_MEAN + ANTENNA_SD * _smooth_noise(rng, (knots, ants, 2, 2), 0.1 * fps),
    )


def find_footholds(rng: np.random.Generator, walk: Walk, anatomy: Anatomy) -> Array:
    """Return the places (ants, legs, strides, 2) in pixels of the picture where each foot stands in each stride."""
    knots, ants = walk.phase.shape
    strides = int(np.ceil(walk.phase.max())) + 3
    jitter = STEP_SHARE * POSE_SPREAD[FEET, None] * _bounded_normal(rng, (ants, len(LEGS), strides, 2))
    footholds = np.empty((ants, len(LEGS), strides, 2))
    for ant in range(ants):
        wanted = np.arange(strides)[None] + DUTY / 2 - TRIPOD[:, None]
        knot = np.interp(wanted, walk.phase[:, ant], np.arange(knots))
        local = anatomy.feet[ant, :, None] + jitter[ant] * anatomy.length[ant]
        position, heading = at_knots(walk.position[:, ant], knot), at_knots(walk.heading[:, ant], knot)
        footholds[ant] = position + rotate(local, heading)
    return footholds


def place_feet(phase: Array, footholds: Array) -> tuple[Array, Array]:
    """Return where the feet are at phases (times, ants), and whether they are planted.

    Args:
        phase: strides walked.
        footholds: (ants, legs, strides, 2) in pixels.

    Returns:
        Feet (times, ants, legs, 2) in pixels, and (times, ants, legs) True for those that stand.
    """
    leg_phase = phase[..., None] + TRIPOD
    stride = np.floor(leg_phase).astype(np.int64)
    within = leg_phase - stride
    planted = within < DUTY
    swing = np.clip((within - DUTY) / (1 - DUTY), 0, 1)[..., None]
    eased = swing**2 * (3 - 2 * swing)
    ant, leg = np.arange(footholds.shape[0])[:, None], np.arange(len(LEGS))
    start, stop = footholds[ant, leg, stride], footholds[ant, leg, stride + 1]
    return start + eased * (stop - start), planted


def place_nodes(anatomy: Anatomy, position: Array, heading: Array, angles: Articulation, feet: Array) -> Array:
    """Return all nodes (times, ants, nodes, 2) in pixels of the picture; arguments start with (times, ants)."""
    points = np.empty((*heading.shape, len(NODES), 2))
    forward = direction(heading)
    half_thorax = anatomy.segments[:, UPPER_THORAX, None] / 2
    points[..., UPPER_THORAX, :] = position + half_thorax * forward
    points[..., LOWER_THORAX, :] = position - half_thorax * forward
    _extend(points, UPPER_THORAX, NECK, direction(heading + angles.neck_bend), anatomy)
    _extend(points, NECK, HEAD, direction(heading + angles.head_yaw), anatomy)
    _extend(points, LOWER_THORAX, PETIOLE, -direction(heading + angles.petiole_bend), anatomy)
    _extend(points, PETIOLE, ABDOMEN, -direction(heading + angles.gaster_yaw), anatomy)
    local = rotate(feet - position[..., None, :], -heading[..., None])
    knees = anatomy.knees + KNEE_FOLLOWS * (local - anatomy.feet)
    points[..., KNEES, :] = position[..., None, :] + rotate(knees, heading[..., None])
    points[..., FEET, :] = feet
    return points


def at_knots(values: Array, knots: Array) -> Array:
    """Return values (knots, ...) at fractional knots (times...), by linear interpolation."""
    first = np.clip(np.floor(knots).astype(np.int64), 0, len(values) - 2)
    part = (knots - first).reshape(*knots.shape, *[1] * (values.ndim - 1))
    return values[first] + part * (values[first + 1] - values[first])


def direction(angle: Array) -> Array:
    """Return the unit vectors (..., 2) of angles (...) in radians."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def rotate(points: Array, angle: Array) -> Array:
    """Return points (..., 2) turned by angles (...) in radians, from the x axis towards the y axis."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = points[..., 0], points[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def _extend(points: Array, start: int, stop: int, along: Array, anatomy: Anatomy) -> None:
    """Put body node `stop` at its segment's length from body node `start`."""
    points[..., stop, :] = points[..., start, :] + anatomy.segments[:, min(start, stop), None] * along


def _bounded_normal(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    # Beyond two and a half sd an ant would no longer look like one.
    return np.clip(rng.standard_normal(shape), -2.5, 2.5)


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Array:
    """Return normal noise of unit variance, smooth along the first axis over about `sigma` steps."""
    reach = int(np.ceil(4 * sigma)) + 1
    white = rng.standard_normal((shape[0] + 2 * reach, *shape[1:]))
    impulse = np.zeros(2 * reach + 1)
    impulse[reach] = 1
    power = (gaussian_filter1d(impulse, sigma) ** 2).sum()
    smooth = gaussian_filter1d(white, sigma, axis=0)[reach:-reach]
    return np.clip(smooth / np.sqrt(power), -2.5, 2.5)
