"""Possible joins: which tracklet may go on as which, and how likely that is by movement and place."""

from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.repair_encounters import HOLD, Encounters
from antpipe.tracking.stitch_motion import SPAN, Motion, middles
from antpipe.tracking.tracklets import Cuts, Tracklets

SAME_TRACK = 2.5
"""Log-odds that a track is right where it was cut."""
AT_RIM = 1.5
"""A tracklet that ends or starts at the picture's edge is less likely to go on by this (log-odds): animals leave and
others come."""
RIM = 0.75
"""Width of the picture's edge in body sizes."""
SHORT = 2 * HOLD
"""Where a track was cut, only tracklets within so many frames may take the place of its own."""
REACH = 6.0
"""No animal goes farther than so many times the usual distance."""
ENDS_AT_ONCE, JOINS_AT_ONCE = 128, 20_000


@dataclass(frozen=True, kw_only=True)
class Joins:
    """Possible joins, one row each."""

    end: Array
    """(joins,) the tracklet that ends."""
    start: Array
    """(joins,) the tracklet that goes on."""
    odds: Array
    """(joins,) log-odds by movement and place."""


def possible_joins(
    tracklets: Tracklets, motion: Motion, *, max_gap: int, price: float, size: tuple[float, float], named: Array
) -> Joins:
    """Return the joins that time and place allow.

    Args:
        tracklets: sorted by track and time.
        motion: how animals move.
        max_gap: longest time out of sight, in frames.
        price: log-odds that have to be made up for.
        size: width and height of the picture, in pixels.
        named: (tracklets,) whether each is of an animal known by name; two of those are never joined.
    """
    following = tracklets.following
    end, start = _near_in_time_and_place(tracklets, motion, max_gap, following)
    own = np.flatnonzero(following >= 0)
    apart = following[end] != start
    end, start = np.append(end[apart], own), np.append(start[apart], following[own])
    kept = ~(named[end] & named[start])
    end, start = end[kept], start[kept]
    odds = movement_odds(tracklets, motion, end, start) - price
    comes, leaves = at_rim(tracklets, motion, size)
    is_own = following[end] == start
    odds += np.where(is_own, SAME_TRACK, -AT_RIM * (leaves[end].astype(float) + comes[start]))
    return Joins(end=end, start=start, odds=odds)


def movement_odds(tracklets: Tracklets, motion: Motion, end: Array, start: Array) -> Array:
    """Return the log-odds (joins,) by movement that tracklets `end` (joins,) go on as `start` (joins,)."""
    odds = np.zeros(len(end))
    for part in np.array_split(np.arange(len(end)), len(end) // JOINS_AT_ONCE + 1):
        i, j = end[part], start[part]
        velocity = tracklets.end_velocity[i] + tracklets.start_velocity[j]
        gap = tracklets.first[j] - tracklets.last[i]
        odds[part] = motion.log_odds(tracklets.end_pose[i], tracklets.start_pose[j], velocity, gap)
    return odds


def at_rim(tracklets: Tracklets, motion: Motion, size: tuple[float, float]) -> tuple[Array, Array]:
    """Return whether each tracklet starts, and whether it ends (tracklets,), at the picture's edge or moving out of it.

    `size` is the picture's width and height in pixels.
    """
    starts = _near_rim(tracklets.start_pose, -tracklets.start_velocity, motion, size)
    return starts, _near_rim(tracklets.end_pose, tracklets.end_velocity, motion, size)


def with_encounters(joins: Joins, encounters: Encounters, cuts: Cuts, tracklet: Array) -> Joins:
    """Return the joins with what the ways in and out of encounters say on who came out as whom.

    `tracklet` (slots,) is the tracklet of each slot of `cuts`, -1 for none.
    """
    count = len(tracklet)
    key = joins.end * count + joins.start
    order = np.argsort(key)
    odds = joins.odds.copy()
    for a, b in ((0, 1), (1, 0)):
        before = tracklet[cuts.slots(encounters.track[:, a], encounters.at)]
        after = tracklet[cuts.slots(encounters.track[:, b], encounters.at + 1)]
        wanted = before * count + after
        at = np.searchsorted(key[order], wanted).clip(0, max(len(key) - 1, 0))
        known = np.flatnonzero((before >= 0) & (after >= 0))
        known = known[key[order[at[known]]] == wanted[known]] if len(key) else known[:0]
        np.add.at(odds, order[at[known]], encounters.crossing[known, a])
    return Joins(end=joins.end, start=joins.start, odds=odds)


def _near_in_time_and_place(
    tracklets: Tracklets, motion: Motion, max_gap: int, following: Array
) -> tuple[Array, Array]:
    """Return ends and starts (joins,) that one animal can get to; memory is that of the result and of some ends."""
    leaves, comes = middles(tracklets.end_pose), middles(tracklets.start_pose)
    preceded = np.zeros(len(tracklets), bool)
    preceded[following[following >= 0]] = True
    coasting = 2 * motion.memory * np.hypot(*tracklets.end_velocity.T)
    reach = np.maximum(REACH * motion.spread(np.arange(1, max_gap + 1)), motion.size)
    by_start, by_end = np.argsort(tracklets.first, kind="stable"), np.argsort(tracklets.last, kind="stable")
    starts_at = tracklets.first[by_start]
    found_ends, found_starts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for ends in np.array_split(by_end, max(1, -(-len(by_end) // ENDS_AT_ONCE))):
        if not len(ends):
            continue
        from_, to = np.searchsorted(starts_at, [tracklets.last[ends[0]] + 1, tracklets.last[ends[-1]] + max_gap + 1])
        starts = by_start[from_:to]
        gap = tracklets.first[starts][None] - tracklets.last[ends][:, None]
        longest = np.where((following[ends] >= 0)[:, None] | preceded[starts][None], min(SHORT, max_gap), max_gap)
        i, j = np.nonzero((gap > 0) & (gap <= longest))
        apart = np.hypot(*(comes[starts[j]] - leaves[ends[i]]).T)
        near = apart < reach[gap[i, j] - 1] + coasting[ends[i]]
        found_ends.append(ends[i[near]])
        found_starts.append(starts[j[near]])
    return np.concatenate(found_ends), np.concatenate(found_starts)


def _near_rim(pose: Array, velocity: Array, motion: Motion, size: tuple[float, float]) -> Array:
    place, far = middles(pose), np.array(size)
    ahead = place + SPAN * velocity
    close = np.minimum(place, far - place).min(axis=1) < RIM * motion.size
    return np.asarray(close | (np.minimum(ahead, far - ahead).min(axis=1) < 0))
