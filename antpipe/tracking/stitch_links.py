"""The chains that tracklets make: the surest joins first, so that each animal is known better for the next ones."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.stitch_assignment import best_joins, margins
from antpipe.tracking.stitch_joins import Joins
from antpipe.tracking.stitch_looks import learn_likeness
from antpipe.tracking.tracklets import Tracklets

ROUNDS = (6.0, 6.0, 3.0, 1.0)
"""Least log-odds of the joins that are made in each round before the last ones; the first goes by movement alone."""
CLEAREST = 8.0
"""No likeness speaks more clearly than this for or against a join (log-odds)."""
JOINS_AT_ONCE = 20_000


def link_tracklets(tracklets: Tracklets, joins: Joins, least: float, names: Array) -> tuple[Array, Array, Array]:
    """Decide which joins are made.

    Args:
        tracklets: sorted by track and time.
        joins: those that are possible.
        least: least log-odds of a join against the best other way.
        names: (tracklets,) number of the animal that is known by name, -1 for none.

    Returns:
        The tracklet as which each goes on (tracklets,), -1 for none; how sure that is (tracklets,), as log-odds against
        the best other way, 0 for none; and the log-odds (joins,) of all joins in the end.
    """
    following, sure = np.full(len(tracklets), -1), np.zeros(len(tracklets))
    odds = joins.odds
    for number, certain in enumerate((*ROUNDS, least, least)):
        if number:
            odds = joins.odds + likeness(tracklets, chains(following), joins.end, joins.start)
        taken = np.zeros(len(tracklets), bool)
        taken[following[following >= 0]] = True
        free = np.flatnonzero((following[joins.end] < 0) & ~taken[joins.start] & (odds > 0))
        end, start = joins.end[free], joins.start[free]
        made = best_joins(end, start, odds[free])
        margin = margins(end, start, odds[free], made)
        kept = made[margin >= certain]
        following[end[kept]] = start[kept]
        sure[end[kept]] = margin[margin >= certain]
        following = of_one_name(following, names, tracklets)
    following = of_one_name(_kept_where_free(following, tracklets), names, tracklets)
    return following, np.where(following >= 0, sure, 0), odds


def _kept_where_free(following: Array, tracklets: Tracklets) -> Array:
    """Return the joins with those of tracks that were cut and found nothing better: they stay as they were."""
    taken = np.zeros(len(following), bool)
    taken[following[following >= 0]] = True
    own = tracklets.following
    stays = (following < 0) & (own >= 0)
    stays[stays] = ~taken[own[stays]]
    return np.where(stays, own, following)


def chains(following: Array) -> Array:
    """Return the chain (tracklets,) that each tracklet belongs to: the index of its first one."""
    before = np.arange(len(following))
    goes_on = np.flatnonzero(following >= 0)
    before[following[goes_on]] = goes_on
    while True:
        farther = before[before]
        if (farther == before).all():
            return before
        before = farther


def likeness(tracklets: Tracklets, chain: Array, end: Array, start: Array) -> Array:
    """Return the log-odds (joins,) of joins of tracklets by the looks of the chains that they would make one."""
    total = np.zeros(len(end))
    for looks in tracklets.looks:
        model = learn_likeness(looks, chain, tracklets.following)
        if model is not None:
            parts = np.array_split(np.arange(len(end)), len(end) // JOINS_AT_ONCE + 1)
            odds = [model.log_odds(looks, chain, end[part], start[part]) for part in parts]
            total += np.concatenate(odds).clip(-CLEAREST, CLEAREST)
    return total


def of_one_name(following: Array, names: Array, tracklets: Tracklets) -> Array:
    """Return the joins without those that would bring a second name into a chain."""
    if (names >= 0).sum() < 2:
        return following
    following, name = following.copy(), names.copy()
    for tracklet in np.argsort(tracklets.first, kind="stable"):
        after = following[tracklet]
        if after >= 0 and name[tracklet] >= 0:
            if name[after] >= 0:
                following[tracklet] = -1
            else:
                name[after] = name[tracklet]
    return following
