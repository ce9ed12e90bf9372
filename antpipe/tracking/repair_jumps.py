"""Moments at which a track may have left its animal for another one that was out of sight before."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.repair_encounters import HOLD
from antpipe.tracking.stitch_motion import SPAN, Motion, velocities
from antpipe.tracking.stitch_rows import FRAMES, Window

UNUSUAL, FAR = 5.0, 0.25
"""A jump is farther than so many times what is usual, and than this part of an animal's size."""
LONGEST = 2 * HOLD
"""Frames out of sight after which no jump is told from movement."""


def find_jumps(window: Window, motion: Motion) -> tuple[Array, Array]:
    """Return the tracks (jumps,) that jump, and the frames (jumps,) after which they do, within a window's range.

    Every node that is seen before and after is far both from where it was and from where it was heading. A pose made of
    two animals does not jump: some of its nodes are where they should be.
    """
    rows = window.rows
    before = np.flatnonzero((np.diff(rows.track) == 0) & window.inside[:-1])
    gap = rows.frame_idx[before + 1] - rows.frame_idx[before]
    near = gap <= LONGEST
    before, gap = before[near], gap[near]
    limit = np.maximum(UNUSUAL * motion.spread(gap), FAR * motion.size)
    still = np.zeros((len(before), 2))
    far = _least_step(rows.points[before], rows.points[before + 1], still) > limit
    before, gap, limit = before[far], gap[far], limit[far]
    away, onwards = velocities(rows, before)[0], velocities(rows, before + 1)[1]
    # Where a track begins or ends with the step, it is known from one side how the animal moved.
    alone = np.diff(rows.key, prepend=-FRAMES) > SPAN
    away, onwards = (
        np.where(alone[before][:, None], onwards, away),
        np.where(np.append(alone[1:], True)[before + 1][:, None], away, onwards),
    )
    ahead = (away + onwards) * motion.coasting(gap)[:, None]
    far = _least_step(rows.points[before], rows.points[before + 1], ahead) > limit
    return rows.track[before[far]], rows.frame_idx[before[far]]


def _least_step(before: Array, after: Array, shift: Array) -> Array:
    """Return the least distance (pairs,) of a node of `after` from that of `before` (pairs, nodes, 2) moved by `shift`.

    0 where no node is in both.
    """
    step = np.hypot(*np.moveaxis(after - before - shift[:, None], -1, 0))
    least = np.fmin.reduce(step, axis=1)
    return np.where(np.isnan(least), 0, least)
