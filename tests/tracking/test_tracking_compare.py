import warnings

import numpy as np
import pytest

from antpipe.tracking import compare
from antpipe.tracking.compare import middles, overlaps, pose_distances

NAN = np.nan


def test_the_middle_is_that_of_the_visible_nodes():
    poses = np.array([[[0.0, 0.0], [30.0, 40.0], [NAN, NAN]], [[NAN, NAN]] * 3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(middles(poses), [[15.0, 20.0], [NAN, NAN]])
        np.testing.assert_array_equal(middles(poses[None]), [[[15.0, 20.0], [NAN, NAN]]])


EXPECTED = np.array([[[0, 0], [10, 0], [NAN, NAN]]], float)
FOUND = np.array(
    [
        [[3, 4], [10, 1], [99, 99]],  # 5 and 1
        [[NAN, NAN], [10, 7], [99, 99]],  # 7
        [[NAN, NAN], [NAN, NAN], [5, 12]],  # no shared node: 12 between the middles (5, 0) and (5, 12)
        [[NAN, NAN]] * 3,
    ],
    float,
)


def test_the_distance_of_poses_is_the_mean_over_shared_nodes():
    np.testing.assert_array_equal(pose_distances(EXPECTED, FOUND), [[3.0, 7.0, 12.0, NAN]])


@pytest.mark.parametrize(("body", "left"), [(0, 12), (10, 7), (24, 0), (100, 0)])
def test_two_parts_of_an_animal_may_lie_half_a_body_apart(body, left):
    np.testing.assert_array_equal(pose_distances(EXPECTED, FOUND, body=body), [[3.0, 7.0, left, NAN]])


@pytest.mark.parametrize("hidden", [0.0, 0.5])
@pytest.mark.parametrize("reach", [0.0, 60.0, 1e9])
def test_looking_for_near_poses_first_changes_no_distance_within_reach(hidden, reach, monkeypatch):
    rng = np.random.default_rng(0)
    before, now = (rng.uniform(0, 300, (n, 1, 2)) + rng.uniform(-10, 10, (n, 4, 2)) for n in (30, 20))
    for poses in (before, now):
        poses[rng.random(poses.shape[:2]) < hidden] = NAN
    quick = pose_distances(before, now, reach=reach + 20, whole=hidden == 0)  # middles lie up to 20 px apart
    monkeypatch.setattr(compare, "FEW", 10_000)
    slow = pose_distances(before, now)
    near = slow <= reach
    np.testing.assert_allclose(quick[near], slow[near])
    assert (np.isnan(quick) == np.isnan(slow)).all()
    if reach == 60.0:
        assert near.any()
        assert np.isinf(quick).any()


@pytest.mark.parametrize(("before", "now"), [(0, 3), (3, 0), (0, 0)])
def test_no_poses_have_no_distances(before, now):
    poses = np.zeros((3, 4, 2))
    for reach in (np.inf, 5.0):
        assert pose_distances(poses[:before], poses[:now], reach=reach).shape == (before, now)


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30], [3, 3, 3, 3], [NAN] * 4])
    found = overlaps(boxes[:1], boxes)
    np.testing.assert_allclose(found, [[1, 1 / 3, 1, 0, 0, NAN]])
    assert overlaps(boxes[4:5], boxes[4:5])[0, 0] == 0
