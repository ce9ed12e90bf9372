"""Angles between neighbouring edges against what is usual."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.spread import CLICK_ERROR, median, side_scores

LEAST_SPREAD = np.deg2rad(3)
"""No joint is taken to be stiffer than this."""


@dataclass(frozen=True, kw_only=True)
class Angles:
    """The angles at all joints of all instances; arrays are (rows, joints), NaN where a point is not visible."""

    value: Array
    """Radians, from the first edge to the second, clockwise in the picture; within half a turn of `expected`."""
    expected: Array
    """(joints,) radians, 0 to one turn"""
    score: Array
    """Deviation in robust standard deviations; NaN also where too few were measured to tell."""


def find_joints(edges: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return (neighbour, node, neighbour) for every two edges that meet at a node."""
    neighbours: dict[int, list[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    return [(a, node, b) for node, around in neighbours.items() for a, b in itertools.combinations(around, 2)]


def measure_angles(points: Array, joints: Array, size: Array) -> Angles:
    """Compare the angle at each joint with the same joint of the other instances.

    Angles keep their sense of rotation, so a left leg on the right side has an unusual one. The shorter an edge, the
    less its direction can be trusted: the error of clicking its ends is added to the joint's own spread.

    Args:
        points: (rows, nodes, 2) pixels, NaN where not visible.
        joints: (joints, 3) node indices; the middle one is where the edges meet.
        size: (rows,) usual size of the animals in pixels, NaN where unknown.
    """
    places = points[..., 0] + 1j * points[..., 1]
    first, second = (places[:, joints[:, end]] - places[:, joints[:, 1]] for end in (0, 2))
    lengths = np.abs([first, second])
    lengths = np.where(lengths > 0, lengths, np.nan)
    turn = np.where(np.isnan(lengths).any(axis=0), np.nan, np.angle(second * first.conj()))
    centre = circular_median(turn)
    deviation = wrap(turn - centre)
    click = np.nan_to_num(CLICK_ERROR * size)[:, None] * np.sqrt((lengths**-2).sum(axis=0))
    expected = centre % (2 * np.pi)
    score = side_scores(deviation, np.hypot(click, LEAST_SPREAD))
    return Angles(value=expected + deviation, expected=expected, score=score)


def circular_median(angles: Array) -> Array:
    """Return a median direction of each column of angles (rows, columns) in radians.

    The start is the mean direction; the median deviation from it is added until it is 0.
    """
    centre = np.angle(np.nan_to_num(np.exp(1j * angles)).sum(axis=0))
    for _ in range(10):
        centre = centre + np.nan_to_num(median(wrap(angles - centre)))
    return wrap(centre)


def wrap(angles: Array) -> Array:
    """Return angles in radians as the same directions from -pi to pi."""
    return (angles + np.pi) % (2 * np.pi) - np.pi
