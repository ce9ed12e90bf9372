import itertools
import warnings

import numpy as np
import pytest

from antpipe.tracking.matching import assign, body_sizes, middles, pose_distances

NAN = np.nan
INF = np.inf


def best_by_trying(cost, limit):
    """The largest number of allowed pairs, and the least sum over all ways to make so many, by trying all."""
    rows, columns = cost.shape
    best = (0, 0.0)
    for count in range(1, min(rows, columns) + 1):
        sums = [
            cost[list(r), list(c)].sum()
            for r in itertools.combinations(range(rows), count)
            for c in itertools.permutations(range(columns), count)
            if (cost[list(r), list(c)] <= limit).all()
        ]
        if sums:
            best = (count, min(sums))
    return best


@pytest.mark.parametrize("seed", range(30))
def test_as_many_pairs_as_can_be_with_the_least_sum(seed):
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0, 10, (rng.integers(1, 5), rng.integers(1, 5)))
    cost[rng.random(cost.shape) < 0.2] = NAN
    limit = rng.uniform(1, 10)
    pairs = assign(cost, limit)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert all(cost[pair] <= limit for pair in pairs)
    count, least = best_by_trying(cost, limit)
    assert len(pairs) == count
    assert sum(cost[pair] for pair in pairs) == pytest.approx(least)


@pytest.mark.parametrize(
    ("cost", "limit", "pairs"),
    [
        (np.zeros((0, 3)), 1.0, []),
        (np.zeros((3, 0)), 1.0, []),
        (np.full((2, 2), NAN), 1.0, []),
        (np.full((2, 2), INF), 1.0, []),
        (np.array([[0.5]]), 0.4, []),
        (np.array([[0.5]]), 0.5, [(0, 0)]),
        (np.array([[0.1, 0.2], [0.1, NAN]]), 1.0, [(0, 1), (1, 0)]),  # greedy would leave the second alone
        (np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]]), [(0, 1)]),
    ],
)
def test_what_is_beyond_the_limit_or_unknown_is_never_paired(cost, limit, pairs):
    assert assign(cost, limit) == pairs


POSES = np.array([[[0.0, 0.0], [30.0, 40.0], [NAN, NAN]], [[NAN, NAN]] * 3, [[5.0, 5.0], [NAN, NAN], [NAN, 3.0]]])


def test_the_size_of_a_body_is_the_diagonal_of_its_box():
    np.testing.assert_array_equal(body_sizes(POSES), [50.0, NAN, 0.0])


def test_the_middle_is_that_of_the_visible_nodes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = middles(POSES[:2])
    np.testing.assert_array_equal(found, [[15.0, 20.0], [NAN, NAN]])


def test_the_distance_of_poses_is_the_mean_over_shared_nodes():
    expected = np.array([[[0, 0], [10, 0], [NAN, NAN]]], float)
    found = np.array(
        [
            [[3, 4], [10, 1], [99, 99]],  # 5 and 1
            [[NAN, NAN], [10, 7], [99, 99]],  # 7
            [[NAN, NAN], [NAN, NAN], [5, 12]],  # no shared node: 12 between the middles (5, 0) and (5, 12)
            [[NAN, NAN]] * 3,
        ],
        float,
    )
    np.testing.assert_array_equal(pose_distances(expected, found), [[3.0, 7.0, 12.0, NAN]])


def test_no_instances_have_no_distances():
    assert pose_distances(np.zeros((2, 3, 2)), np.zeros((0, 3, 2))).shape == (2, 0)
