"""SLEAP's way of tracking, and where it is mended."""

import numpy as np
import pytest
from drawn_walks import SIZE, animals, hide, track, tracked

from antpipe.tracking.memory import Memory

SIMPLE = {"method": "simple"}


def test_an_instance_goes_with_the_most_similar_of_the_last_frames():
    # In the last frame the pose of the first animal was wrong; two frames ago it was right.
    odd = animals((0, 0), (300, 0))
    odd[0] += np.array([[0.0, 0.0], [0.0, 20.0], [0.0, -20.0], [0.0, 0.0]])
    frames = [animals((0, 0), (300, 0)), odd, animals((0, 0), (300, 0))]
    (*_, first, _), (*_, without, _) = (tracked(frames, window=window, **SIMPLE).tracking_score for window in (2, 1))
    assert first == pytest.approx(1)
    assert without == pytest.approx(0.5)


@pytest.mark.parametrize("window", [1, 3])
def test_a_track_is_open_for_the_window(window):
    for missing, same in ((window - 1, True), (window, False)):
        frames = [animals((0, 0)), *[animals()] * missing, animals((0, 0))]
        assert (track(frames, window=window, **SIMPLE)[-1] == ["track_0"]) is same


@pytest.mark.parametrize(("robust", "score"), [(1.0, 1.0), (0.5, np.exp(-1)), (0.25, np.exp(-4))])
def test_robust_is_a_quantile_over_the_poses_of_a_track(robust, score):
    frames = [animals((2, 0)), animals((0, 0)), animals((1, 0)), animals((3, 0)), animals((0, 0)), animals((2, 0))]
    # Distances from the last pose: 0, 2, 1, 1, 2.
    result = tracked(frames, robust=robust, **SIMPLE).tracking_score[-1]
    assert result == pytest.approx(score, rel=1e-5)


def test_a_stranger_is_not_glued_to_a_track_in_the_window():
    frames = [animals((0, 0), (300, 0)), animals((0, 0)), animals((0, 0), (300, 200))]
    assert track(frames, **SIMPLE) == [["track_0", "track_1"], ["track_0"], ["track_0", "track_2"]]


@pytest.mark.parametrize(("distance", "same"), [(0.45, True), (0.55, False)])
def test_the_gate_is_in_body_sizes(distance, same):
    frames = [animals((0, 0)), animals((distance * SIZE, 0))]
    assert (track(frames, gate=0.5, **SIMPLE)[1] == ["track_0"]) is same


@pytest.mark.parametrize(("least", "same"), [(0, True), (2, True), (3, False)])
def test_poses_that_show_too_little_are_not_compared_with(least, same):
    frames = [hide(animals((0, 0)), 0, 1), animals((0, 0))]
    assert (track(frames, min_match_points=least, **SIMPLE)[1] == ["track_0"]) is same


def test_a_track_starts_with_enough_visible_nodes():
    half = hide(animals((0, 0)), 0, 1)
    assert track([half], min_new_track_points=3, **SIMPLE) == [[None]]
    assert track([half], min_new_track_points=2, **SIMPLE) == [["track_0"]]


MAX = {"method": "simplemaxtracks"}


def test_surplus_instances_stay_without_a_track():
    # SLEAP drops them, and SLEAP 1.3 makes one track too many.
    assert track([animals((0, 0), (200, 0), (400, 0))] * 3, max_tracks=2, **MAX) == [["track_0", "track_1", None]] * 3


def test_a_lost_animal_gets_its_track_back_if_it_can_have_come_so_far():
    away = [animals((0, 0))] * 3 + [animals()] * 20
    near, far = 10 * 0.8 * SIZE, 30 * 0.8 * SIZE
    assert track([*away, animals((near, 0))], max_tracks=1, window=2, **MAX)[-1] == ["track_0"]
    assert track([*away, animals((far, 0))], max_tracks=1, window=2, **MAX)[-1] == [None]


def test_only_the_last_poses_of_a_track_are_kept():
    memory = Memory(1)
    for frame_idx, numbers in enumerate([[0, 1], [1, 0], [1], [1]]):
        count = len(numbers)
        points = np.full((count, 1, 2), float(frame_idx))
        memory.add(frame_idx, np.array(numbers), points, np.ones((count, 1)), np.ones(count))
    assert memory.number.tolist() == [0, 0, 1, 1, 1, 1]
    assert memory.frame_idx.tolist() == memory.points[:, 0, 0].tolist() == [0, 1, 0, 1, 2, 3]
    assert memory.newest().frame_idx.tolist() == [1, 3]
    memory.keep_last(2)
    assert memory.frame_idx.tolist() == [0, 1, 2, 3]
    memory.forget(2)
    assert memory.number.tolist() == [1, 1]
    assert memory.starts.tolist() == [0]
    assert memory.stops.tolist() == [2]
