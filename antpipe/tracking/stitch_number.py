"""Where it is known how many animals there can be: who is one too many, and who must be one that was lost."""

from typing import NamedTuple

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.stitch_assignment import best_joins, margins
from antpipe.tracking.stitch_joins import movement_odds
from antpipe.tracking.stitch_links import chains, likeness, of_one_name
from antpipe.tracking.stitch_motion import Motion
from antpipe.tracking.tracklets import Tracklets

PATIENCE = 100.0
"""Log-odds that outweigh all others: as many joins as can be are made."""
LAST = 2
"""A chain goes on from one of the last so many times `animals` chains that ended before it."""


class _Spans(NamedTuple):
    """The chains that are no surplus, by their first tracklet."""

    chain: Array
    tip: Array
    """(chains,) the last tracklet of each."""
    first: Array
    last: Array


def join_to_number(
    tracklets: Tracklets, following: Array, sure: Array, motion: Motion, animals: int, names: Array
) -> tuple[Array, Array, Array]:
    """Join what is left over, the likeliest first and however long it was lost, until there are chains for all animals.

    Args:
        tracklets: sorted by track and time.
        following: (tracklets,) the joins made so far, -1 for none.
        sure: (tracklets,) how sure they are, as log-odds.
        motion: how the animals move.
        animals: their greatest number.
        names: (tracklets,) number of the animal that is known by name, -1 for none.

    Returns:
        `following` and `sure` with the new joins, and which tracklets (tracklets,) are of animals too many: of chains
        that are for most of their time beside so many longer ones.
    """
    chain = chains(following)
    surplus = _surplus(tracklets, chain, animals, names)
    left = _spans(tracklets, following, chain, surplus)
    end, start = _last_ones(left, animals)
    end, start = left.tip[end], left.chain[start]
    apart = (names[end] < 0) | (names[start] < 0)
    end, start = end[apart], start[apart]
    odds = movement_odds(tracklets, motion, end, start) + likeness(tracklets, chain)(end, start) + PATIENCE
    made = best_joins(end, start, odds)
    margin = np.minimum(margins(end, start, odds, made), PATIENCE)
    needed = np.argsort(-odds[made], kind="stable")[: max(len(left.chain) - animals, 0)]
    made, margin = made[needed], margin[needed]
    following, sure = following.copy(), sure.copy()
    following[end[made]], sure[end[made]] = start[made], margin
    return of_one_name(following, names, tracklets), sure, surplus


def _surplus(tracklets: Tracklets, chain: Array, animals: int, names: Array) -> Array:
    """Return the tracklets (tracklets,) of chains that are for most of their time beside `animals` longer ones."""
    roots, member = np.unique(chain, return_inverse=True)
    rows = np.bincount(member, tracklets.rows)
    first, last = np.full(len(roots), np.iinfo(np.int64).max), np.full(len(roots), -1)
    np.minimum.at(first, member, tracklets.first)
    np.maximum.at(last, member, tracklets.last)
    named = np.zeros(len(roots), bool)
    named[member[names >= 0]] = True
    kept: list[int] = []
    for row in np.lexsort((-rows, ~named)):
        beside = _frames_beside(first[kept], last[kept], first[row], last[row], animals)
        if named[row] or 2 * beside <= last[row] - first[row] + 1:
            kept.append(int(row))
    return ~np.isin(member, kept)


def _frames_beside(first: Array, last: Array, start: int, stop: int, least: int) -> int:
    """Return in how many of the frames from `start` to `stop` at least so many of the spans are there."""
    come, go = np.maximum(first, start), np.minimum(last, stop) + 1
    here = come < go
    at = np.concatenate([come[here], go[here]])
    change = np.repeat([1, -1], here.sum())
    order = np.argsort(at, kind="stable")
    count = np.cumsum(change[order])
    return int(np.diff(at[order])[count[:-1] >= least].sum())


def _spans(tracklets: Tracklets, following: Array, chain: Array, surplus: Array) -> _Spans:
    tip = np.flatnonzero((following < 0) & ~surplus)
    tip = tip[np.argsort(tracklets.last[tip], kind="stable")]
    return _Spans(chain=chain[tip], tip=tip, first=tracklets.first[chain[tip]], last=tracklets.last[tip])


def _last_ones(spans: _Spans, animals: int) -> tuple[Array, Array]:
    """Return pairs of spans, one that ended before the other began; for each the last few."""
    before = np.searchsorted(spans.last, spans.first)
    back = np.arange(1, LAST * animals + 1)
    ended = before[:, None] - back[None]
    start = np.broadcast_to(np.arange(len(before))[:, None], ended.shape)
    known = ended >= 0
    return ended[known], start[known]
