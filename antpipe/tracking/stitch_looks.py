"""Who looks like whom: size and shape (or pixels) of tracklets, and what a likeness is worth in this film."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse import csr_array

from antpipe.geometry import Array
from antpipe.tracking.stitch_rows import evenly

BLOCK = 20
"""Frames of one tracklet whose mean counts as one independent look at an animal."""
MOST_BLOCKS = 40_000
"""No more blocks than this are kept, evenly over the film."""
SLOW = 4
"""So many blocks pass until what changes slowly, such as how an animal holds itself, has changed."""
LEAST_SLOW, MOST_SLOW = 0.2, 20.0
"""Part of the variance between looks at one animal that changes slowly: the least that is believed, and the most."""
CLEAREST = 2.0
"""No single direction speaks more clearly than this for or against two looks being of one animal (log-odds)."""
LEAST_PAIRS, MOST_PAIRS, LONG = 8, 5000, 0.4
"""From so many pairs of tracklets on that part is measured, it is 1 before; no more are looked at than that; and both
are at least so many blocks long."""
USUAL_CHI2 = 0.455
"""Median of the chi-square distribution with one degree of freedom."""

Compare = Callable[[Array, Array], Array]


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Sums over the instances of each tracklet, and means over blocks of frames."""

    total: Array
    """(tracklets, features)"""
    count: Array
    """(tracklets, features) instances in which the feature was seen."""
    block: Array
    """(blocks, features) means."""
    owner: Array
    """(blocks,) tracklet of each block."""
    every: int
    """An animal is looked at every so many frames."""


class LooksTally:
    """Adds up looks as rows come, in the order of frames."""

    def __init__(self, slots: int, features: int, every: int = 1) -> None:
        self.every = every
        self.total = np.zeros((slots, features), np.float32)
        self.count = np.zeros((slots, features), np.int32)
        self._blocks: list[Array] = []
        self._owners: list[Array] = []
        self._stride, self._seen, self._kept = 1, 0, 0

    def add(self, slot: Array, frame_idx: Array, values: Array) -> None:
        """Take values (rows, features), NaN where unknown, of the slots (rows,) in frames (rows,)."""
        seen = ~np.isnan(values)
        values = np.where(seen, values, 0)
        slots, which = np.unique(slot, return_inverse=True)
        self.total[slots] += sums(values, which, len(slots))
        self.count[slots] += sums(seen, which, len(slots)).astype(np.int32)
        block, which = np.unique(np.stack([slot, frame_idx // BLOCK]), axis=1, return_inverse=True)
        total, count = sums(values, which, block.shape[1]), sums(seen, which, block.shape[1])
        full = np.flatnonzero(count.mean(axis=1) * self.every >= BLOCK / 4)
        kept = full[(np.arange(len(full)) + self._seen) % self._stride == 0]
        self._seen += len(full)
        self._blocks.append(total[kept] / np.maximum(count[kept], 1))
        self._owners.append(block[0, kept])
        self._kept += len(kept)
        if self._kept > MOST_BLOCKS:
            self._blocks, self._owners = [np.concatenate(self._blocks)[::2]], [np.concatenate(self._owners)[::2]]
            self._stride, self._kept = 2 * self._stride, len(self._owners[0])

    def looks(self, used: Array) -> Looks:
        """Return the looks of the slots `used` (tracklets,), which are the tracklets 0, 1, ..."""
        features = self.total.shape[1]
        return Looks(
            total=self.total[used],
            count=self.count[used],
            block=np.concatenate([np.zeros((0, features)), *self._blocks]),
            owner=np.searchsorted(used, np.concatenate([np.zeros(0, np.int64), *self._owners])),
            every=self.every,
        )


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """What sets the animals of a film apart: directions among the features, each with unit variance within an animal.

    The two-covariance model of speaker recognition (Prince and Elder 2007), learned from groups of tracklets that are
    each of one animal.
    """

    middle: Array
    """(features,)"""
    directions: Array
    """(features, directions)"""
    between: Array
    """(directions,) variance between animals."""
    slow: Array
    """(directions,) part of the variance within an animal that changes slowly."""

    def compare(self, looks: Looks, group: Array) -> Compare:
        """Return a function from two arrays of tracklets (pairs,) to the log-odds (pairs,) that they are one animal.

        What is compared are the groups (tracklets,) that they belong to.
        """
        groups, which = np.unique(group, return_inverse=True)
        place, blocks = _places(looks, which, len(groups), self.middle, self.directions)
        variance, b = _variance(self.slow, blocks), self.between

        def log_odds(first: Array, second: Array) -> Array:
            i, j = which[first], which[second]
            x, y, p, q = place[i], place[j], b + variance[i], b + variance[j]
            both = p * q - b**2
            same = np.log(both) + (q * x**2 - 2 * b * x * y + p * y**2) / both
            other = np.log(p * q) + x**2 / p + y**2 / q
            return np.asarray(((other - same) / 2).clip(-CLEAREST, CLEAREST).sum(axis=1))

        return log_odds


def learn_likeness(looks: Looks, group: Array, following: Array) -> Likeness | None:
    """Return what sets animals apart; None where there is too little to learn from.

    Args:
        looks: of tracklets.
        group: (tracklets,) those of one number are of one animal; it is the index of one of them.
        following: (tracklets,) the next tracklet of the same track, nearly always the same animal; -1 for none.
    """
    features = looks.block.shape[1]
    groups, member = np.unique(group[looks.owner], return_inverse=True)
    size = np.bincount(member)
    if (size > 1).sum() < 2 or len(looks.block) < 3 * features:
        return None
    mean = sums(looks.block, member, len(groups)) / size[:, None]
    off = looks.block - mean[member]
    within = off.T @ off / (size - 1).sum()
    middle = looks.block.mean(axis=0)
    between = ((mean - middle) * size[:, None]).T @ (mean - middle) / size.sum() - within * len(groups) / size.sum()
    within += np.diag(0.1 * np.diag(within) + 1e-9)
    variance, directions = scipy.linalg.eigh(between, within)
    # Few animals differ in fewer directions than there are features.
    animals = size.sum() ** 2 / (size.astype(float) ** 2).sum()
    kept = slice(None, -features - 1 if animals >= features else -max(int(animals) - 1, 1) - 1, -1)
    variance, directions = np.maximum(variance[kept], 0), directions[:, kept]
    slow = _slow_part(looks, following, middle, directions)
    return Likeness(middle=middle, directions=directions, between=variance, slow=slow)


def sums(values: Array, into: Array, count: int) -> Array:
    """Return the sums (count, columns) of the values (rows, columns) that go into (rows,) each of them."""
    add = csr_array((np.ones(len(into)), (into, np.arange(len(into)))), shape=(count, len(into)))
    return np.asarray(add @ values)


def _slow_part(looks: Looks, following: Array, middle: Array, directions: Array) -> Array:
    """Return the slow part (directions,) for which tracklets that follow each other differ as much as they do.

    By medians, so that a few of them may be of two animals.
    """
    blocks = np.maximum(looks.count.mean(axis=1) * looks.every / BLOCK, 1e-3)
    first = np.flatnonzero(following >= 0)
    first = evenly(first[np.minimum(blocks[first], blocks[following[first]]) > LONG], MOST_PAIRS)
    if len(first) < LEAST_PAIRS:
        return np.ones(directions.shape[1])
    second = following[first]
    squared = (_places_of(looks, first, middle, directions) - _places_of(looks, second, middle, directions)) ** 2
    parts = np.geomspace(LEAST_SLOW, MOST_SLOW, 30)
    one = np.ones(directions.shape[1])
    expected = [_variance(part * one, blocks[first]) + _variance(part * one, blocks[second]) for part in parts]
    usual = np.array([np.median(squared / variance, axis=0) for variance in expected])
    fits = usual <= USUAL_CHI2
    return np.where(fits.any(axis=0), parts[fits.argmax(axis=0)], MOST_SLOW)


def _places(looks: Looks, group: Array, count: int, middle: Array, directions: Array) -> tuple[Array, Array]:
    """Return where groups lie (count, directions), and how many blocks (count,) they have.

    `group` (tracklets,) is the group of each tracklet.
    """
    seen = sums(looks.count, group, count)
    blocks = np.maximum(seen.mean(axis=1) * looks.every / BLOCK, 1e-3)
    return _place(sums(looks.total, group, count), seen, middle, directions), blocks


def _places_of(looks: Looks, tracklets: Array, middle: Array, directions: Array) -> Array:
    return _place(looks.total[tracklets].astype(np.float64), looks.count[tracklets], middle, directions)


def _place(total: Array, count: Array, middle: Array, directions: Array) -> Array:
    """Return where means (rows, directions) lie; a feature that was never seen lies in the middle."""
    mean = np.where(count > 0, total / np.maximum(count, 1), middle)
    return np.asarray((mean - middle) @ directions)


def _variance(slow: Array, blocks: Array) -> Array:
    """Return the variance (groups, directions) of the mean of so many blocks (groups,) of one animal."""
    quick = np.maximum(1 - slow, 0) / blocks[:, None]
    return np.asarray(quick + slow / np.maximum(blocks / SLOW, 1)[:, None])
