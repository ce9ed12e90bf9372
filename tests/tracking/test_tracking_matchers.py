import itertools

import numpy as np
import pytest

from antpipe.tracking.matchers.greedy import greedy
from antpipe.tracking.matchers.hungarian import hungarian
from antpipe.tracking.matching import pair
from antpipe.tracking.registry import MATCHERS


def gains(seed):
    rng = np.random.default_rng(seed)
    gain = rng.uniform(-4, 10, (rng.integers(1, 6), rng.integers(1, 6)))
    gain[rng.random(gain.shape) < 0.2] = 0
    return gain


def best_by_trying(gain):
    """The greatest sum over all ways to pair rows and columns, by trying all."""
    worth = np.maximum(gain, 0)
    rows, columns = worth.shape
    if rows > columns:
        return best_by_trying(gain.T)
    return max(sum(worth[r, c] for r, c in enumerate(order)) for order in itertools.permutations(range(columns), rows))


def total(gain, pairs):
    return sum(gain[r, c] for r, c in zip(*pairs, strict=True))


@pytest.mark.parametrize("name", MATCHERS)
@pytest.mark.parametrize("seed", range(20))
def test_every_matcher_pairs_nobody_twice_and_leaves_no_gain(name, seed):
    gain = gains(seed)
    rows, columns = MATCHERS[name](gain)
    assert len(set(rows.tolist())) == len(set(columns.tolist())) == len(rows) == len(columns)
    assert (gain[rows, columns] > 0).all()
    rest = np.delete(np.delete(gain, rows, axis=0), columns, axis=1)
    assert (rest <= 0).all()


@pytest.mark.parametrize("name", MATCHERS)
@pytest.mark.parametrize(
    "gain", [np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 2)), np.full((2, 3), -1.0), np.full((2, 2), -np.inf)]
)
def test_every_matcher_makes_no_pair_where_there_is_none(name, gain):
    # SLEAP's Hungarian matching fails with an error where a row has no finite cost.
    for rows, columns in (MATCHERS[name](gain), pair(gain, MATCHERS[name])):
        assert len(rows) == len(columns) == 0


@pytest.mark.parametrize("name", MATCHERS)
@pytest.mark.parametrize("seed", range(40))
def test_what_is_clear_is_paired_without_asking_and_as_every_matcher_does(name, seed):
    gain = gains(seed)
    asked = []

    def matcher(matrix):
        asked.append(matrix)
        return MATCHERS[name](matrix)

    pairs = pair(gain, matcher)
    assert set(zip(*pairs, strict=True)) == set(zip(*MATCHERS[name](gain), strict=True))
    best = [int(column.argmax()) for column in gain.T if column.max() > 0]
    assert bool(asked) is (len(set(best)) < len(best))


@pytest.mark.parametrize("seed", range(30))
def test_hungarian_is_best_for_all_together(seed):
    gain = gains(seed)
    assert total(gain, hungarian(gain)) == pytest.approx(best_by_trying(gain))


def test_greedy_takes_the_best_pair_first_though_others_suffer():
    gain = np.array([[9.0, 8.0], [8.0, 1.0]])
    assert list(zip(*greedy(gain), strict=True)) == [(0, 0), (1, 1)]
    assert set(zip(*hungarian(gain), strict=True)) == {(0, 1), (1, 0)}


def test_greedy_breaks_ties_by_order():
    assert list(zip(*greedy(np.ones((2, 3))), strict=True)) == [(0, 0), (1, 1)]
