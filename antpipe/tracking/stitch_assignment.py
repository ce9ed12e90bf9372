"""Who goes on as whom: the joins with the greatest sum of odds, and how sure each of them is."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from antpipe.geometry import Array


def best_joins(end: Array, start: Array, odds: Array) -> Array:
    """Return the joins (indices) with the greatest sum of odds in which no end and no start comes twice.

    Args:
        end: (joins,) the tracklet that ends.
        start: (joins,) the tracklet that goes on.
        odds: (joins,) log-odds of a possible join, above 0.
    """
    if not len(odds):
        return np.zeros(0, np.int64)
    ends, row = np.unique(end, return_inverse=True)
    starts, column = np.unique(start, return_inverse=True)
    # Each end has a column of its own as well, which stands for no join. All weights are moved above 0, as the sparse
    # matrix takes 0 for no pair.
    alone = np.arange(len(ends))
    top = float(odds.max()) + 1
    weight = np.concatenate([top - odds, np.full(len(ends), top)])
    place = (np.concatenate([row, alone]), np.concatenate([column, len(starts) + alone]))
    shape = (len(ends), len(starts) + len(ends))
    taken, by = min_weight_full_bipartite_matching(csr_array((weight, place), shape=shape))
    made = by < len(starts)
    key = row * len(starts) + column
    order = np.argsort(key)
    return order[np.searchsorted(key[order], taken[made] * len(starts) + by[made])]


def margins(end: Array, start: Array, odds: Array, made: Array) -> Array:
    """Return for each join that was made (indices) how much the sum of odds falls without it.

    Looked at are no join in its place, and an exchange with one other join.
    """
    if not len(made):
        return np.zeros(0)
    count = int(max(end.max(), start.max())) + 1
    of_end, of_start = np.full(count, -1), np.full(count, -1)
    of_end[end[made]] = of_start[start[made]] = made
    margin = np.zeros(len(odds))
    margin[made] = odds[made]
    for instead, blocked in ((of_end[end], of_start[start]), (of_start[start], of_end[end])):
        other = np.flatnonzero((instead >= 0) & (instead != np.arange(len(odds))))
        mine, theirs = instead[other], blocked[other]
        displaced = np.where(theirs >= 0, odds[theirs], 0)
        # The two that lose their partner may go together.
        left = _odds_of(end, start, odds, *_left_over(end, start, mine, theirs, other))
        left = np.where(theirs >= 0, np.maximum(left, 0), 0)
        np.minimum.at(margin, mine, odds[mine] - odds[other] + displaced - left)
    return np.maximum(margin[made], 0)


def _left_over(end: Array, start: Array, mine: Array, theirs: Array, other: Array) -> tuple[Array, Array]:
    """Return the end and the start that lose their partners when join `other` takes one end each of two joins."""
    same_end = end[other] == end[mine]
    return np.where(same_end, end[theirs], end[mine]), np.where(same_end, start[mine], start[theirs])


def _odds_of(end: Array, start: Array, odds: Array, ends: Array, starts: Array) -> Array:
    """Return the odds of joins given by end and start; 0 where they are not possible."""
    count = int(max(end.max(), start.max())) + 1
    key = end.astype(np.int64) * count + start
    order = np.argsort(key)
    wanted = ends.astype(np.int64) * count + starts
    at = np.searchsorted(key[order], wanted).clip(0, len(key) - 1)
    return np.where(key[order[at]] == wanted, odds[order[at]], 0)
