"""The colours of ants: red to orange-brown, the gaster banded, darker or greenish."""

from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.body import PARTS

STEPS = 256
"""Colours along each part of the body."""
RINGS = np.array([-0.42, 0.02, 0.40, 0.70])
"""Where the gaster's plates end, from -1 (front) to 1 (rear)."""

ORANGE = np.array([206.0, 118.0, 48.0])
RUST = np.array([158.0, 76.0, 36.0])
AMBER = np.array([186.0, 132.0, 52.0])
PALE = np.array([226.0, 196.0, 128.0])
OLIVE = np.array([138.0, 132.0, 50.0])
TARSUS = np.array([84.0, 58.0, 44.0])
EYE = np.array([26.0, 20.0, 20.0])


@dataclass(frozen=True, kw_only=True)
class Look:
    """Colours of one ant, RGB from 0 to 255."""

    parts: Array
    """(parts + 2, STEPS, 3) along each part of the body, from front to rear; then the eyes."""
    limbs: Array
    """(strokes, 3) in the order of `limb_lines`."""


def make_look(rng: np.random.Generator, surface: Array, contrast: float) -> Look:
    """Return the colours of one ant; with less than full contrast they approach those (3,) of the surface."""
    redness, shade = rng.random(), np.exp(0.1 * rng.standard_normal())
    skin = shade * (ORANGE + redness * (RUST - ORANGE))
    gaster = shade * _mix(_mix(AMBER, RUST, 0.8 * rng.random()), OLIVE, 0.75 * rng.random() ** 2)
    parts = np.repeat(skin[None, None], STEPS, axis=1).repeat(len(PARTS), axis=0)
    for index, part in enumerate(PARTS):
        if part.name == "gaster":
            parts[index] = _banded(gaster)
        elif part.name == "head":
            parts[index] = np.linspace(0.82, 0.98, STEPS)[:, None] * _mix(skin, AMBER, 0.25)
        elif part.name in ("petiole", "collar"):
            parts[index] *= 0.85
    parts = np.concatenate([parts, np.broadcast_to(EYE, (2, STEPS, 3))])
    fade = np.asarray(surface, np.float64)
    look = parts * contrast + (1 - contrast) * fade, _limb_colours(skin) * contrast + (1 - contrast) * fade
    return Look(parts=look[0].astype(np.float32), limbs=look[1].astype(np.float32))


def _banded(colour: Array) -> Array:
    """Return the colours along a gaster: each plate darkens to its end, pale skin shows between the plates."""
    place = np.linspace(-1, 1, STEPS)
    start = np.concatenate([[-1], RINGS])
    plate = np.searchsorted(RINGS, place)
    within = (place - start[plate]) / np.diff(np.concatenate([start, [1.05]]))[plate]
    dark = 1.08 - 0.38 * within**2 - 0.10 * (place + 1)
    pale = np.exp(-(((place[:, None] - RINGS - 0.03) / 0.04) ** 2)).max(axis=1)
    skin = _mix(colour, PALE, 0.45)
    return dark[:, None] * colour * (1 - pale[:, None]) + pale[:, None] * skin


def _limb_colours(skin: Array) -> Array:
    femur, tibia = 0.74 * skin, _mix(0.66 * skin, TARSUS, 0.35)
    antenna = _mix(0.66 * skin, TARSUS, 0.3)
    colours = [femur, tibia, _mix(tibia, TARSUS, 0.6), 0.75 * TARSUS, antenna, antenna, _mix(antenna, TARSUS, 0.5)]
    return np.repeat([*colours, 0.62 * skin], [6, 6, 6, 6, 2, 2, 2, 2], axis=0)


def _mix(first: Array, second: Array, share: float) -> Array:
    return (1 - share) * first + share * second
