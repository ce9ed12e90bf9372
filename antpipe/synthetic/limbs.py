"""Legs, antennae and mandibles as strokes: where they lie, how thick they are, how high above the ground."""

import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.gait import direction
from antpipe.synthetic.skeleton import FEET, HEAD, KNEES, LOWER_THORAX, NECK, UPPER_THORAX

# Where the legs spring from: on the line UpperThorax to LowerThorax, and beside it in body lengths.
COXA_ALONG = np.array([-0.05, -0.05, 0.58, 0.58, 0.98, 0.98])
COXA_ASIDE = 0.024 * np.array([-1, 1, -1, 1, -1, 1])
ANKLE, ANKLE_BEND = 0.56, 0.06
"""Place of the ankle on the line from knee to foot, and how far the leg bends there, in lengths of that line."""
SCAPE, FUNICULUS, FUNICULUS_CURL = 0.26, 0.36, 0.30
"""Lengths of the antenna's two parts in body lengths, and the curl of the second in radians."""

WIDTHS = np.repeat(
    [
        (0.0160, 0.0110),  # femur
        (0.0110, 0.0080),  # tibia
        (0.0075, 0.0060),  # tarsus
        (0.0088, 0.0088),  # foot
        (0.0085, 0.0075),  # scape
        (0.0065, 0.0070),  # funiculus, first half
        (0.0070, 0.0078),  # funiculus, second half
        (0.0140, 0.0055),  # mandible
    ],
    [6, 6, 6, 6, 2, 2, 2, 2],
    axis=0,
)
"""(strokes, 2) half widths at both ends in body lengths, in the order of `limb_lines`."""
LEG_HEIGHTS = np.array([0.09, 0.16, 0.05, 0.0])
"""Heights of coxa, knee, ankle and foot above the ground in body lengths."""


def leg_chains(points: Array, length: Array) -> Array:
    """Return coxa, knee, ankle and foot (..., legs, 4, 2) of bodies (..., nodes, 2), all in pixels."""
    upper, lower = points[..., UPPER_THORAX, None, :], points[..., LOWER_THORAX, None, :]
    rearward = (lower - upper) / np.linalg.norm(lower - upper, axis=-1, keepdims=True)
    right = turned(-rearward)
    coxa = upper + COXA_ALONG[:, None] * (lower - upper) + length[..., None, None] * COXA_ASIDE[:, None] * right
    knee, foot = points[..., KNEES, :], points[..., FEET, :]
    # The shin bulges to the side that the knee already bends to.
    thigh, shin = knee - coxa, foot - knee
    side = np.sign(thigh[..., 1] * shin[..., 0] - thigh[..., 0] * shin[..., 1])[..., None]
    ankle = knee + ANKLE * shin + ANKLE_BEND * side * turned(shin)
    return np.stack([coxa, knee, ankle, foot], axis=-2)


def limb_lines(points: Array, length: Array, antennae: Array) -> tuple[Array, Array]:
    """Return both ends (..., strokes, 2) of the limbs of bodies (..., nodes, 2).

    Args:
        points: nodes in pixels.
        length: (...) body lengths in pixels.
        antennae: (..., 2, 2) angles of the left and right scape and funiculus.
    """
    chains = leg_chains(points, length)
    elbows = _antenna_points(points, length, antennae)
    mandibles = _mandibles(points, length)
    feet = chains[..., 3, :]
    starts = [chains[..., 0, :], chains[..., 1, :], chains[..., 2, :], feet, *elbows[:3], mandibles[0]]
    stops = [chains[..., 1, :], chains[..., 2, :], feet, feet, *elbows[1:], mandibles[1]]
    return np.concatenate(starts, axis=-2), np.concatenate(stops, axis=-2)


def turned(vectors: Array) -> Array:
    """Return vectors (..., 2) turned by 90 degrees from the x axis towards the y axis."""
    return np.stack([-vectors[..., 1], vectors[..., 0]], axis=-1)


def _on_head(points: Array, length: Array, along: float, aside: float) -> Array:
    """Return the left and right point (..., 2, 2) on the line Neck (0) to Head (1), `aside` body lengths off it."""
    neck, head = points[..., NECK, None, :], points[..., HEAD, None, :]
    right = turned((head - neck) / np.linalg.norm(head - neck, axis=-1, keepdims=True))
    return neck + along * (head - neck) + np.array([-aside, aside])[:, None] * length[..., None, None] * right


def _antenna_points(points: Array, length: Array, antennae: Array) -> list[Array]:
    """Return base, elbow, middle of the funiculus and tip of both antennae, (..., 2, 2) each."""
    forward = points[..., HEAD, :] - points[..., NECK, :]
    axis = np.arctan2(forward[..., 1], forward[..., 0])[..., None]
    outward = np.array([-1, 1])
    scape = axis + outward * antennae[..., 0]
    bend = scape + outward * antennae[..., 1]
    half = FUNICULUS / 2 * length[..., None, None]
    base = _on_head(points, length, 0.80, 0.030)
    elbow = base + SCAPE * length[..., None, None] * direction(scape)
    middle = elbow + half * direction(bend)
    return [base, elbow, middle, middle + half * direction(bend - outward * FUNICULUS_CURL)]


def _mandibles(points: Array, length: Array) -> tuple[Array, Array]:
    return _on_head(points, length, 0.88, 0.034), _on_head(points, length, 1.12, 0.010)
