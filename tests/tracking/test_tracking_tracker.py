import warnings

import numpy as np
import pytest

from antpipe.config.tracking import TrackConfig
from antpipe.tracking.tracker import Tracker

NAN = np.nan
BODY = np.array([[-20.0, 0.0], [0.0, 6.0], [0.0, -6.0], [20.0, 0.0]])
"""Four nodes; the diagonal of the box is sqrt(40^2 + 12^2) = 41.8 px."""
SIZE = np.hypot(40, 12)


def animals(*places):
    """Poses (animals, nodes, 2) at places (x, y)."""
    return np.array([BODY + place for place in places]).reshape(-1, 4, 2)


def track(frames, first=0, **config):
    """The names of each frame's instances; frames are arrays of poses, or None for a frame that is left out."""
    tracker = Tracker(TrackConfig(**config))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [None if p is None else tracker.link(first + i, p)[0] for i, p in enumerate(frames)]


def test_tracks_are_named_in_the_order_of_their_start():
    assert track([animals((0, 0), (200, 0)), animals((0, 0), (200, 0), (400, 0))]) == [
        ["track_0", "track_1"],
        ["track_0", "track_1", "track_2"],
    ]


def test_the_order_of_instances_does_not_matter():
    rng = np.random.default_rng(0)
    where = [(60.0 * i, 50.0 * (i % 3)) for i in range(6)]
    names = track([animals(*where)] + [animals(*[where[i] for i in rng.permutation(6)]) for _ in range(10)])
    rng = np.random.default_rng(0)
    for found in names[1:]:
        assert found == [f"track_{i}" for i in rng.permutation(6)]


@pytest.mark.parametrize("angle", [20, 45, 90, 135, 180])
def test_animals_that_cross_keep_their_names(angle):
    # Two animals walk through each other; where they meet, only their velocities tell who is who.
    turn = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    frames = [animals((8.0 * t, 0.0), 8.0 * t * turn + (0.0, 1.5)) for t in range(-15, 16)]
    names = track(frames)
    assert names == [["track_0", "track_1"]] * len(frames)


def test_an_animal_that_goes_on_behind_another_keeps_its_name():
    # It is not seen for six frames, in the middle of its way.
    walker = [(10.0 * t, 0.0) for t in range(25)]
    frames = [animals((120.0, 30.0), *([] if 9 <= t < 15 else [walker[t]])) for t in range(25)]
    names = track(frames)
    assert {name for found in names for name in found} == {"track_0", "track_1"}
    assert all(found[-1] == "track_1" for t, found in enumerate(names) if not 9 <= t < 15)


@pytest.mark.parametrize(
    ("distance", "same"), [(0.0, True), (0.55, True), (1.4, True), (1.6, False), (5.0, False), (100.0, False)]
)
def test_a_stranger_beyond_the_gate_and_the_leap_gets_a_track_of_its_own(distance, same):
    (first,), (second,) = track([animals((0, 0)), animals((distance * SIZE, 0))])
    assert (first == second) is same


def test_a_leap_needs_that_nobody_else_could_be_meant():
    far = 1.2 * SIZE
    alone = track([animals((0, 0)), animals((far, 0))])
    assert alone[1] == ["track_0"]
    two_choices = track([animals((0, 0)), animals((far, 0), (-far, 0))])
    assert two_choices[1] == ["track_1", "track_2"]
    two_tracks = track([animals((0, 0), (2 * far, 0)), animals((far, 0))])
    assert two_tracks[1] == ["track_2"]


def test_a_leap_is_for_a_track_that_was_just_seen():
    far = 1.2 * SIZE
    assert track([animals((0, 0)), animals(), animals((far, 0))])[2] == ["track_1"]


def test_a_stranger_does_not_take_the_name_of_a_track_that_waits():
    # SLEAP glues a newcomer to any track in the window, at any distance.
    names = track([animals((0, 0), (300, 0)), animals((0, 0)), animals((0, 0), (300, 200))])
    assert names == [["track_0", "track_1"], ["track_0"], ["track_0", "track_2"]]


@pytest.mark.parametrize("window", [1, 3, 12])
def test_a_gap_within_the_window_is_bridged_and_a_longer_one_is_not(window):
    for missing, same in ((window - 1, True), (window, False)):
        frames = [animals((0, 0))] * 3 + [animals()] * missing + [animals((0, 0))]
        names = track(frames, window=window)
        assert (names[-1] == names[0]) is same, (window, missing)


def test_frames_without_instances_may_be_left_out():
    told = track([animals((0, 0)), animals(), animals(), animals((5, 0))])
    left_out = track([animals((0, 0)), None, None, animals((5, 0))])
    assert told[-1] == left_out[-1] == ["track_0"]


def test_frame_numbers_count_not_calls():
    tracker = Tracker(TrackConfig(window=5))
    assert tracker.link(100, animals((0, 0)))[0] == ["track_0"]
    assert tracker.link(106, animals((0, 0)))[0] == ["track_1"]


def hide(poses, *nodes):
    poses = poses.copy()
    poses[:, list(nodes)] = NAN
    return poses


@pytest.mark.parametrize(("before", "after"), [((0, 1), (2, 3)), ((0, 1), (0, 2, 3)), ((), (1, 2, 3)), ((1, 2, 3), ())])
def test_nodes_that_are_not_visible_do_no_harm(before, after):
    frames = [hide(animals((0, 0), (90, 0)), *before), hide(animals((3, 0), (93, 0)), *after)]
    names = track([*frames, animals((6, 0), (96, 0))], min_points=1)
    assert names == [["track_0", "track_1"]] * 3


def test_hidden_nodes_move_with_the_animal():
    # Only the head is seen for ten frames, then only the tail: it is where it must be, without a node in common.
    tracker = Tracker(TrackConfig())
    for t in range(30):
        hidden = () if t < 6 else (1, 2, 3) if t < 16 else (0, 1, 2)
        (name,), (score,) = tracker.link(t, hide(animals((6.0 * t, 0)), *hidden))
        assert name == "track_0"
        assert t < 6 or score > 0.9


def test_an_instance_without_a_visible_node_has_no_track():
    nothing = np.full((1, 4, 2), NAN)
    names = track([nothing, np.concatenate([animals((0, 0)), nothing]), np.concatenate([nothing, animals((2, 0))])])
    assert names == [[None], ["track_0", None], [None, "track_0"]]


@pytest.mark.parametrize(("min_points", "starts"), [(1, True), (2, True), (3, False)])
def test_a_track_starts_with_enough_visible_nodes(min_points, starts):
    half = hide(animals((0, 0)), 0, 1)
    assert (track([half], min_points=min_points)[0] == ["track_0"]) is starts
    assert track([animals((0, 0)), half], min_points=min_points)[1] == ["track_0"]  # to go on, one is enough


def test_beyond_max_tracks_instances_stay_without_a_track():
    frames = [animals((0, 0), (200, 0), (400, 0))] * 3
    assert track(frames, max_tracks=2) == [["track_0", "track_1", None]] * 3
    assert track(frames, max_tracks=3) == [["track_0", "track_1", "track_2"]] * 3


def test_max_tracks_counts_tracks_of_the_whole_video():
    frames = [animals((0, 0))] + [animals()] * 20 + [animals((500, 0))]
    assert track(frames, max_tracks=1)[-1] == [None]
    assert track(frames, max_tracks=2)[-1] == ["track_1"]


def test_the_score_is_1_where_the_track_was_expected_and_0_at_the_gate():
    tracker = Tracker(TrackConfig(gate=0.5))
    assert np.isnan(tracker.link(0, animals((0, 0)))[1]).all()
    assert tracker.link(1, animals((0, 0)))[1].tolist() == [1.0]
    (score,) = tracker.link(2, animals((0.25 * SIZE, 0)))[1]
    assert score == pytest.approx(0.5)
    expected = 0.25 * SIZE + 0.5 * 0.25 * SIZE  # half of the step has become velocity
    (score,) = tracker.link(3, animals((expected + 0.499 * SIZE, 0)))[1]
    assert score == pytest.approx(0.002, abs=1e-3)


def test_a_tracker_starts_afresh():
    frames = [animals((0, 0), (100, 0))] * 2
    assert track(frames) == track(frames) == [["track_0", "track_1"]] * 2


def test_points_of_the_caller_are_not_changed():
    poses = hide(animals((0, 0)), 1)
    kept = poses.copy()
    tracker = Tracker(TrackConfig())
    tracker.link(0, poses)
    tracker.link(1, animals((2, 0)))
    np.testing.assert_array_equal(poses, kept)


def test_single_points_can_be_tracked():
    def points(*places):
        return np.array(places, float).reshape(-1, 1, 2)

    tracker = Tracker(TrackConfig(min_points=1))
    assert tracker.link(0, points((0, 0), (50, 0)))[0] == ["track_0", "track_1"]
    assert tracker.link(1, points((50.3, 0), (0.3, 0)))[0] == ["track_1", "track_0"]


@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_that_wanders_keeps_its_names(seed):
    # Twelve animals walk smoothly in a box without touching their neighbours' centres too often.
    rng = np.random.default_rng(seed)
    base = np.stack(np.meshgrid(np.arange(4) * 110.0, np.arange(3) * 110.0), axis=-1).reshape(-1, 2)
    phase, speed = rng.uniform(0, 2 * np.pi, 12), rng.uniform(0.05, 0.2, 12)
    noise = rng.normal(0, 0.5, (120, 12, 4, 2))
    frames, orders = [], []
    for t in range(120):
        at = base + 40 * np.column_stack([np.cos(phase + speed * t), np.sin(phase + speed * t)])
        seen = rng.permutation(12)[: 12 - rng.integers(0, 3)]  # up to two are missed
        frames.append(animals(*at)[seen] + noise[t][seen])
        orders.append(seen)
    tracker = Tracker(TrackConfig())
    owner = {}
    for t, (poses, seen) in enumerate(zip(frames, orders, strict=True)):
        for name, animal in zip(tracker.link(t, poses)[0], seen, strict=True):
            assert owner.setdefault(name, animal) == animal
    assert len(owner) == 12
