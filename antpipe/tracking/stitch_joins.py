"""Possible joins: which tracklet may go on as which, and how likely that is by movement and place."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.repair_encounters import HOLD, Encounters
from antpipe.tracking.stitch_motion import SPAN, Motion, middles
from antpipe.tracking.tracklets import Cuts, Tracklets

SAME_TRACK = 2.5
"""Log-odds that a track is right where it was cut."""
AWAY = 0.5
"""With this power of the time out of sight joins get less likely, as others come by meanwhile."""
AT_RIM = 1.5
"""A tracklet that ends or starts at the picture's edge is less likely to go on by this (log-odds): animals leave and
others come."""
RIM = 0.75
"""Width of the picture's edge in body sizes."""
SHORT = 3 * HOLD
"""Where a track was cut, only tracklets within so many frames may take the place of its own."""
LEAPS = 3e-3
"""Share of the frames in which a startled animal is anywhere within its size. Where animals come and go less often, one
that ends and one that starts there are the same."""
REACH = 6.0
"""No animal goes farther than so many times the usual distance."""
ENDS_AT_ONCE, JOINS_AT_ONCE = 128, 20_000


@dataclass(frozen=True, kw_only=True)
class Joins:
    """Possible joins, one row each."""

    end: Array
    """(joins,) int32, the tracklet that ends."""
    start: Array
    """(joins,) int32, the tracklet that goes on."""
    odds: Array
    """(joins,) float32, log-odds."""

    def with_odds(self, more: Array) -> "Joins":
        """Return the joins with more (joins,) odds added."""
        return Joins(end=self.end, start=self.start, odds=self.odds + more.astype(np.float32))


def possible_joins(
    tracklets: Tracklets,
    motion: Motion,
    *,
    max_gap: int,
    price: float,
    least: float,
    size: tuple[float, float],
    named: Array,
) -> Joins:
    """Return the joins that time and place allow, with their log-odds by movement and place.

    Args:
        tracklets: sorted by track and time.
        motion: how animals move.
        max_gap: longest time out of sight, in frames.
        price: log-odds that have to be made up for.
        least: joins that are no likelier than this are left out, but for those within a track.
        size: width and height of the picture, in pixels.
        named: (tracklets,) whether each is of an animal known by name; two of those are never joined.
    """
    following = tracklets.following
    own = np.flatnonzero(following >= 0)
    comes, leaves = at_rim(tracklets, motion, size)
    births = _births(tracklets, comes)

    def odds_of(end: Array, start: Array) -> Array:
        odds = movement_odds(tracklets, motion, end, start)
        return np.asarray(np.maximum(odds, _leap_odds(tracklets, motion, births, end, start)) - price)

    parts = [(own, following[own], odds_of(own, following[own]) + SAME_TRACK)]
    for end, start in _near_in_time_and_place(tracklets, motion, max_gap):
        kept = (following[end] != start) & ~(named[end] & named[start])
        end, start = end[kept], start[kept]
        odds = odds_of(end, start)
        odds -= AT_RIM * (leaves[end].astype(float) + comes[start])
        likely = odds > least
        parts.append((end[likely], start[likely], odds[likely]))
    ends, starts, odds = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Joins(end=ends.astype(np.int32), start=starts.astype(np.int32), odds=odds.astype(np.float32))


def movement_odds(tracklets: Tracklets, motion: Motion, end: Array, start: Array) -> Array:
    """Return the log-odds (joins,) by time and movement that tracklets `end` (joins,) go on as `start` (joins,)."""
    odds = np.zeros(len(end))
    for part in np.array_split(np.arange(len(end)), len(end) // JOINS_AT_ONCE + 1):
        i, j = end[part], start[part]
        velocity = tracklets.end_velocity[i] + tracklets.start_velocity[j]
        gap = tracklets.first[j] - tracklets.last[i]
        odds[part] = motion.log_odds(tracklets.end_pose[i], tracklets.start_pose[j], velocity, gap) - AWAY * np.log(gap)
    return odds


def _leap_odds(tracklets: Tracklets, motion: Motion, births: float, end: Array, start: Array) -> Array:
    """Return the log-odds (joins,) that tracklets leapt, rather than that an animal went and another one came."""
    apart = np.hypot(*(middles(tracklets.start_pose[start]) - middles(tracklets.end_pose[end])).T)
    gap = tracklets.first[start] - tracklets.last[end]
    odds = np.log(LEAPS / births * motion.area / (np.pi * motion.size**2)) - np.log(gap)
    return np.where(apart <= motion.size, odds, -np.inf)


def _births(tracklets: Tracklets, comes: Array) -> float:
    """Return how many tracks start in a frame, without those that were there from the start or came from the edge."""
    first = np.flatnonzero(np.diff(tracklets.track, prepend=-1))
    later = tracklets.first[first] > tracklets.first.min(initial=0) + HOLD
    frames = float(tracklets.last.max(initial=0) - tracklets.first.min(initial=0) + 1)
    return (np.count_nonzero(later & ~comes[first]) + 1) / frames


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
    key = joins.end.astype(np.int64) * count + joins.start
    order = np.argsort(key)
    key = np.append(key[order], -1)
    more = np.zeros(len(joins.odds))
    for a, b in ((0, 1), (1, 0)):
        before = tracklet[cuts.slots(encounters.track[:, a], encounters.at)]
        after = tracklet[cuts.slots(encounters.track[:, b], encounters.at + 1)]
        wanted = before * count + after
        at = np.searchsorted(key[:-1], wanted)
        known = np.flatnonzero((before >= 0) & (after >= 0) & (key[at] == wanted))
        np.add.at(more, order[at[known]], encounters.crossing[known, a])
    return joins.with_odds(more)


def _near_in_time_and_place(tracklets: Tracklets, motion: Motion, max_gap: int) -> Iterator[tuple[Array, Array]]:
    """Yield ends and starts (joins,) that one animal can get to, for some ends at a time."""
    following = tracklets.following
    leaves, comes = middles(tracklets.end_pose), middles(tracklets.start_pose)
    preceded = np.zeros(len(tracklets), bool)
    preceded[following[following >= 0]] = True
    coasting = 2 * motion.memory * np.hypot(*tracklets.end_velocity.T)
    reach = np.maximum(REACH * motion.spread(np.arange(1, max_gap + 1)), motion.size)
    by_start, by_end = np.argsort(tracklets.first, kind="stable"), np.argsort(tracklets.last, kind="stable")
    starts_at = tracklets.first[by_start]
    for ends in np.array_split(by_end, len(by_end) // ENDS_AT_ONCE + 1):
        if not len(ends):
            continue
        from_, to = np.searchsorted(starts_at, [tracklets.last[ends[0]] + 1, tracklets.last[ends[-1]] + max_gap + 1])
        starts = by_start[from_:to]
        gap = tracklets.first[starts][None] - tracklets.last[ends][:, None]
        longest = np.where((following[ends] >= 0)[:, None] | preceded[starts][None], min(SHORT, max_gap), max_gap)
        i, j = np.nonzero((gap > 0) & (gap <= longest))
        apart = np.hypot(*(comes[starts[j]] - leaves[ends[i]]).T)
        near = apart < reach[gap[i, j] - 1] + coasting[ends[i]]
        yield ends[i[near]], starts[j[near]]


def _near_rim(pose: Array, velocity: Array, motion: Motion, size: tuple[float, float]) -> Array:
    place, far = middles(pose), np.array(size)
    ahead = place + SPAN * velocity
    close = np.minimum(place, far - place).min(axis=1) < RIM * motion.size
    return np.asarray(close | (np.minimum(ahead, far - ahead).min(axis=1) < 0))
