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

    Looked at are no join in its place, and another one, with what the partners that are left alone then do.
    """
    if not len(made):
        return np.zeros(0)
    count = int(max(end.max(), start.max())) + 1
    of_end, of_start = np.full(count, -1), np.full(count, -1)
    of_end[end[made]] = of_start[start[made]] = made
    # The best join of an end with a start that is free, and of a start with an end that is free.
    to_free, from_free = np.zeros(count), np.zeros(count)
    np.maximum.at(to_free, end, np.where(of_start[start] < 0, odds, 0))
    np.maximum.at(from_free, start, np.where(of_end[end] < 0, odds, 0))
    margin = np.zeros(len(odds))
    margin[made] = odds[made]
    for mine, theirs in ((of_end[end], of_start[start]), (of_start[start], of_end[end])):
        other = np.flatnonzero((mine >= 0) & (mine != np.arange(len(odds))))
        mine, theirs = mine[other], theirs[other]
        same_end = end[other] == end[mine]
        alone_end = np.where(same_end, end[theirs], end[mine])
        alone_start = np.where(same_end, start[mine], start[theirs])
        apart = to_free[alone_end] + from_free[alone_start]
        left = np.where(same_end, from_free[start[mine]], to_free[end[mine]])
        both = np.maximum(apart, _odds_of(end, start, odds, alone_end, alone_start)) - odds[theirs]
        left = np.where(theirs >= 0, both, left)
        np.minimum.at(margin, mine, odds[mine] - odds[other] - left)
    return np.maximum(margin[made], 0)


def _odds_of(end: Array, start: Array, odds: Array, ends: Array, starts: Array) -> Array:
    """Return the odds of joins given by end and start; 0 where they are not possible."""
    count = int(max(end.max(), start.max())) + 1
    key = end.astype(np.int64) * count + start
    order = np.argsort(key)
    wanted = ends.astype(np.int64) * count + starts
    at = np.searchsorted(key[order], wanted).clip(0, len(key) - 1)
    return np.where(key[order[at]] == wanted, odds[order[at]], 0)
