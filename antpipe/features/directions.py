"""Angles at joints, and directions in the picture."""

import numpy as np

from antpipe.geometry import Array


def joint_angles(points: Array) -> Array:
    """Return the angles (...) at the middle of three points (..., 3, 2), in degrees from 0 to 180 (straight).

    NaN where a point is not visible, or lies exactly on the middle one.
    """
    first, second = points[..., 0, :] - points[..., 1, :], points[..., 2, :] - points[..., 1, :]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    angles = np.degrees(np.abs(np.arctan2(cross, (first * second).sum(axis=-1))))
    return np.where((first == 0).all(axis=-1) | (second == 0).all(axis=-1), np.nan, angles)


def headings(rear: Array, front: Array) -> Array:
    """Return the directions (...) from rear to front (..., 2) in degrees, over -180 to 180, from x (0) to y (90).

    NaN where one is not visible, or both are at one place.
    """
    along = front - rear
    angles = np.degrees(np.arctan2(along[..., 1], along[..., 0]))
    return np.where((along == 0).all(axis=-1), np.nan, angles)
