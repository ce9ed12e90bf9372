import itertools

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from antpipe.tracking.stitch_assignment import best_joins, margins


def possible(rng, ends, starts, share):
    pairs = np.array([p for p in itertools.product(range(ends), range(100, 100 + starts)) if rng.random() < share])
    pairs = pairs.reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], rng.exponential(4, len(pairs)) + 1e-3


def best_sum(end, start, odds):
    gain = np.zeros((max(end, default=0) + 1, 400))
    gain[end, start] = odds
    return gain[linear_sum_assignment(gain, maximize=True)].sum()


@pytest.mark.parametrize("seed", range(20))
def test_the_joins_with_the_greatest_sum_are_made(seed):
    rng = np.random.default_rng(seed)
    end, start, odds = possible(rng, rng.integers(1, 9), rng.integers(1, 9), 0.5)
    made = best_joins(end, start, odds)
    assert len(set(end[made])) == len(set(start[made])) == len(made)
    assert odds[made].sum() == pytest.approx(best_sum(end, start, odds))


@pytest.mark.parametrize("seed", range(30))
def test_margins_are_what_is_lost_without_a_join(seed):
    rng = np.random.default_rng(seed)
    small = seed < 20
    end, start, odds = possible(rng, 2 if small else 5, 2 if small else 5, 0.8)
    made = best_joins(end, start, odds)
    for join, margin in zip(made, margins(end, start, odds, made), strict=True):
        others = np.arange(len(odds)) != join
        lost = odds[made].sum() - best_sum(end[others], start[others], odds[others])
        # With more than two of each side there are exchanges among three that are not looked at.
        assert margin == pytest.approx(lost) if small else margin >= lost - 1e-9


def test_nothing_is_possible():
    none = np.zeros(0, int)
    assert best_joins(none, none, np.zeros(0)).tolist() == []
    assert margins(none, none, np.zeros(0), none).tolist() == []


def test_many_joins_are_quick():
    rng = np.random.default_rng(0)
    end = np.repeat(np.arange(20_000), 5)
    start = end + rng.integers(1, 30, len(end))
    pairs = np.unique(np.stack([end, start], axis=1), axis=0)
    odds = rng.exponential(3, len(pairs)) + 0.01
    made = best_joins(pairs[:, 0], pairs[:, 1], odds)
    assert len(made) > 15_000
    assert (margins(pairs[:, 0], pairs[:, 1], odds, made) >= 0).all()
