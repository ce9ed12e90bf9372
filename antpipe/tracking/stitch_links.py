"""The chains that tracklets make: the surest joins first, so that each animal is known better for the next ones."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.stitch_assignment import best_joins, margins
from antpipe.tracking.stitch_joins import Joins
from antpipe.tracking.stitch_looks import Compare, learn_likeness
from antpipe.tracking.tracklets import Tracklets

ROUNDS = (6.0, 6.0, 3.0, 1.0)
"""Least log-odds of the joins that are made in each round before the last ones; the first goes by movement alone."""
AS_IS = 2.0
"""How sure it is (log-odds) that a track is right where it was cut, looks wrong, and nothing better was found: measured
on films of known truth."""
CLEAREST = 8.0
"""No likeness speaks more clearly than this for or against a join (log-odds)."""
JOINS_AT_ONCE = 20_000


def link_tracklets(tracklets: Tracklets, joins: Joins, least: float, names: Array) -> tuple[Array, Array]:
    """Decide which joins are made.

    Args:
        tracklets: sorted by track and time.
        joins: those that are possible.
        least: least log-odds of a join against the best other way.
        names: (tracklets,) number of the animal that is known by name, -1 for none.

    Returns:
        The tracklet as which each goes on (tracklets,), -1 for none; and how sure that is (tracklets,), as log-odds
        against the best other way, 0 for none.
    """
    following, sure = np.full(len(tracklets), -1), np.zeros(len(tracklets))
    taken = np.zeros(len(tracklets), bool)
    for number, certain in enumerate((*ROUNDS, least, least)):
        alike = likeness(tracklets, chains(following)) if number else None
        end, start, odds = _likely(joins, (following[joins.end] < 0) & ~taken[joins.start], alike)
        made = best_joins(end, start, odds)
        margin = margins(end, start, odds, made)
        kept = made[margin >= certain]
        following[end[kept]], sure[end[kept]] = start[kept], margin[margin >= certain]
        following = of_one_name(following, names, tracklets)
        taken[:] = False
        taken[following[following >= 0]] = True
    kept_as_is = _kept_where_free(following, tracklets)
    sure[kept_as_is != following] = AS_IS
    following = of_one_name(kept_as_is, names, tracklets)
    return following, np.where(following >= 0, sure, 0)


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


def likeness(tracklets: Tracklets, chain: Array) -> Compare:
    """Return a function from ends and starts (joins,) to log-odds (joins,) by the looks of the chains they are in."""
    models = [(looks, learn_likeness(looks, chain, tracklets.following)) for looks in tracklets.looks]
    compare = [model.compare(looks, chain) for looks, model in models if model is not None]

    def log_odds(end: Array, start: Array) -> Array:
        total = np.zeros(len(end))
        for part in np.array_split(np.arange(len(end)), len(end) // JOINS_AT_ONCE + 1):
            for by_looks in compare:
                total[part] += by_looks(end[part], start[part]).clip(-CLEAREST, CLEAREST)
        return total

    return log_odds


def _likely(joins: Joins, free: Array, alike: Compare | None) -> tuple[Array, Array, Array]:
    """Return end, start and odds (joins,) of those of the free joins that are likely."""
    kept = []
    for part in np.array_split(np.arange(len(free)), len(free) // (10 * JOINS_AT_ONCE) + 1):
        part = part[free[part]]
        end, start, odds = joins.end[part], joins.start[part], joins.odds[part].astype(np.float64)
        if alike is not None:
            odds += alike(end, start)
        likely = odds > 0
        kept.append((end[likely], start[likely], odds[likely]))
    end, start, odds = (np.concatenate(values) for values in zip(*kept, strict=True))
    return end, start, odds


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
