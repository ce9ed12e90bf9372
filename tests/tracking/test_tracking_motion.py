import numpy as np
import pytest
from drawn_walks import BODY, SIZE, animals, dots, hide, moved, table, track, tracked

from antpipe.config.tracking import TrackConfig
from antpipe.tracking.track import track_poses

NAN = np.nan
STILL = [animals((0, 0))] * 5
"""Enough for a track to be trusted."""


def test_tracks_are_named_in_the_order_of_their_start():
    assert track([animals((0, 0), (200, 0)), animals((0, 0), (200, 0), (400, 0))]) == [
        ["track_0", "track_1"],
        ["track_0", "track_1", "track_2"],
    ]


def test_the_order_of_instances_does_not_matter():
    rng = np.random.default_rng(0)
    where = [(60.0 * i, 50.0 * (i % 3)) for i in range(6)]
    orders = [rng.permutation(6) for _ in range(10)]
    names = track([animals(*where)] + [animals(*[where[i] for i in order]) for order in orders])
    assert names[1:] == [[f"track_{i}" for i in order] for order in orders]


@pytest.mark.parametrize("angle", [20, 45, 90, 135, 180])
def test_animals_that_cross_keep_their_names(angle):
    # Two animals walk through each other; where they meet, only their velocities tell who is who.
    turn = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    frames = [animals((8.0 * t, 0.0), 8.0 * t * turn + (0.0, 1.5)) for t in range(-15, 16)]
    assert track(frames) == [["track_0", "track_1"]] * len(frames)


def test_an_animal_that_goes_on_behind_another_keeps_its_name():
    # It is not seen for six frames, in the middle of its way.
    walker = [(10.0 * t, 0.0) for t in range(25)]
    frames = [animals((120.0, 30.0), *([] if 9 <= t < 15 else [walker[t]])) for t in range(25)]
    names = track(frames)
    assert {name for found in names for name in found} == {"track_0", "track_1"}
    assert all(found[-1] == "track_1" for t, found in enumerate(names) if not 9 <= t < 15)


@pytest.mark.parametrize(
    ("distance", "same"), [(0.0, True), (0.55, True), (0.95, True), (1.05, False), (5.0, False), (100.0, False)]
)
def test_a_stranger_beyond_the_gate_and_the_leap_gets_a_track_of_its_own(distance, same):
    *_, (last,) = track([*STILL, animals((distance * SIZE, 0))])
    assert (last == "track_0") is same


@pytest.mark.parametrize(("leap", "same"), [(0.0, False), (1.0, False), (1.3, True)])
def test_how_far_a_leap_may_be_is_a_setting(leap, same):
    *_, (last,) = track([*STILL, animals((1.2 * SIZE, 0))], leap=leap)
    assert (last == "track_0") is same


def test_a_leap_needs_that_nobody_else_is_about():
    far = 1.2 * SIZE
    two_choices = track([*STILL, animals((far, 0), (-far, 0))])
    assert two_choices[-1] == ["track_1", "track_2"]
    two_tracks = track([animals((0, 0), (2 * far, 0))] * 5 + [animals((far, 0))])
    assert two_tracks[-1] == ["track_2"]
    # The neighbour is where it was, and yet the stranger could be a second instance of it.
    neighbour = track([animals((0, 0), (far, 0))] * 5 + [animals((far, 0), (far + 0.9 * SIZE, 0))])
    assert neighbour[-1] == ["track_1", "track_2"]


def test_a_leap_is_for_an_animal_that_was_seen_a_few_times():
    assert track([animals((0, 0)), animals((1.2 * SIZE, 0))])[1] == ["track_1"]


def test_a_stranger_does_not_take_the_name_of_a_track_that_waits():
    # SLEAP glues a newcomer to any track in the window, at any distance.
    names = track([animals((0, 0), (300, 0)), animals((0, 0)), animals((0, 0), (300, 200))])
    assert names == [["track_0", "track_1"], ["track_0"], ["track_0", "track_2"]]


def test_neighbours_of_a_missed_animal_keep_their_names():
    # A row of animals, half a body apart. If as many as can be were linked, each would move up to fill the gap.
    row = [(0.5 * SIZE * i, 0.0) for i in range(8)]
    names = track([animals(*row)] * 10 + [animals(*row[1:], (4.4 * SIZE, 0))])
    assert names[-1][:7] == [f"track_{i}" for i in range(1, 8)]
    assert names[-1][7] == "track_8"


@pytest.mark.parametrize("window", [1, 3, 12])
def test_a_gap_within_the_window_is_bridged_and_a_longer_one_is_not(window):
    for missing, same in ((window - 1, True), (window, False)):
        names = track([*STILL, *[animals()] * missing, animals((0, 0))], window=window)
        assert (names[-1] == names[0]) is same, (window, missing)


def test_frame_numbers_count_not_tables_rows():
    assert track([*STILL, None, None, animals((5, 0))])[-1] == ["track_0"]
    assert track([*STILL, *[None] * 5, animals((0, 0))], first=100, window=5)[-1] == ["track_1"]
    assert track([*STILL, *[None] * 4, animals((0, 0))], first=100, window=5)[-1] == ["track_0"]


@pytest.mark.parametrize("weak", [0.5, 0.1])
def test_a_weak_instance_goes_on_with_a_track_but_starts_none(weak):
    frames = [*STILL, animals((0, 0)), animals((0, 0), (300, 0)), animals((0, 0))]
    scores = [[0.9]] * 5 + [[weak], [0.9, weak], [0.9]]
    assert track(frames, scores)[5:] == [["track_0"], ["track_0", None], ["track_0"]]
    assert track(frames, scores, weak_score=0.05)[6] == ["track_0", "track_1"]


def test_a_strong_instance_is_matched_before_a_weak_one_that_is_nearer():
    frames = [*STILL, animals((4, 0), (0, 0))]
    scores = [[0.9]] * 5
    assert track(frames, [*scores, [0.9, 0.3]])[-1] == ["track_0", None]
    assert track(frames, [*scores, [0.3, 0.9]])[-1] == [None, "track_0"]


def test_scores_are_weak_by_what_is_usual_in_the_video():
    # Scores of some models are sums over nodes, of others products of small numbers.
    for factor in (0.01, 1, 100):
        names = track([*STILL, animals((0, 0), (300, 0))], [[0.9 * factor]] * 5 + [[0.9 * factor, 0.3 * factor]])
        assert names[-1] == ["track_0", None]


def test_instances_without_a_score_are_never_weak():
    assert track([*STILL, animals((0, 0), (300, 0))], [[0.9]] * 5 + [[0.9, NAN]])[-1] == ["track_0", "track_1"]
    assert track([*STILL, animals((0, 0), (300, 0))])[-1] == ["track_0", "track_1"]


@pytest.mark.parametrize("before", [(0, 1), (0, 2), (1, 2, 3), ()])
@pytest.mark.parametrize("after", [(2, 3), (1, 3), ()])
def test_nodes_that_are_not_visible_do_no_harm(before, after):
    frames = [hide(animals((0, 0), (90, 0)), *before), hide(animals((3, 0), (93, 0)), *after)]
    names = track([*frames, animals((6, 0), (96, 0))], min_new_track_points=1)
    assert names == [["track_0", "track_1"]] * 3


def test_hidden_nodes_move_with_the_animal():
    # Only the head is seen for ten frames, then only the tail: it is where it must be, without a node in common.
    hidden = [() if t < 6 else (1, 2, 3) if t < 16 else (0, 1, 2) for t in range(30)]
    result = tracked([hide(animals((6.0 * t, 0)), *nodes) for t, nodes in enumerate(hidden)])
    assert set(result.track) == {"track_0"}
    assert (result.tracking_score[6:] > 0.9).all()


def test_an_animal_that_is_half_hidden_keeps_its_gate():
    # For 20 frames only two nodes, 13 px apart, are seen; then the animal comes out 0.4 body sizes away.
    half = hide(animals((0, 0)), 1, 2, 3)
    half[0, 1] = BODY[1]
    names = track([*STILL, *[half] * 20, animals((0.4 * SIZE, 0))], leap=0)
    assert names[-1] == ["track_0"]


def test_an_instance_that_shows_little_starts_with_the_usual_gate():
    little = hide(animals((300, 0)), 1, 3)
    frames = [np.concatenate([animals((0, 0)), little])] * 5
    frames.append(np.concatenate([animals((0, 0)), moved(little, 10, 0)]))
    assert track(frames)[-1] == ["track_0", "track_1"]


def test_a_fragment_that_lies_well_does_not_take_the_place_of_the_whole_animal():
    fragment, whole = hide(animals((0, 0)), 0, 1, 2), animals((2, 0))
    assert track([*STILL, np.concatenate([fragment, whole])])[-1] == [None, "track_0"]
    assert track([*STILL, fragment])[-1] == ["track_0"]


def test_a_fragment_does_not_carry_the_animal_away():
    fragment = moved(hide(animals((0, 0)), 0, 1, 2), 0.55 * SIZE, 0)
    assert track([*STILL, fragment, animals((0, 0))], leap=0)[-1] == ["track_0"]
    # Seen whole it goes there, and would be half a size farther in the next frame.
    whole = animals((0.55 * SIZE, 0))
    assert track([*STILL, whole, animals((0, 0))], leap=0)[-1] == ["track_1"]


def test_an_instance_without_a_visible_node_has_no_track():
    nothing = np.full((1, 4, 2), NAN)
    names = track([nothing, np.concatenate([animals((0, 0)), nothing]), np.concatenate([nothing, animals((2, 0))])])
    assert names == [[None], ["track_0", None], [None, "track_0"]]


@pytest.mark.parametrize("broken", [(NAN, 3.0), (3.0, NAN), (np.inf, 3.0), (3.0, -np.inf)])
def test_half_a_coordinate_is_no_node(broken):
    poses = table([animals((0, 0)), animals((2, 0)), animals((4, 0))])
    poses.points[1, 1:] = broken
    poses.points[2, :] = broken
    (result,) = track_poses([poses], TrackConfig())
    assert list(result.track) == ["track_0", "track_0", None]
    np.testing.assert_array_equal(result.points, poses.points)


@pytest.mark.parametrize(("least", "starts"), [(0, True), (1, True), (2, True), (3, False)])
def test_a_track_starts_with_enough_visible_nodes(least, starts):
    half = hide(animals((0, 0)), 0, 1)
    assert (track([half], min_new_track_points=least)[0] == ["track_0"]) is starts
    assert track([animals((0, 0)), half], min_new_track_points=least)[1] == ["track_0"]  # to go on, one is enough


def test_single_points_are_tracked_although_they_have_no_size():
    frames = [dots((0, 0), (50, 0), (100, 10)), dots((98, 8), (50.3, 3), (2, 1)), dots((4, 2), (96, 6), (50, 6))]
    assert track(frames)[1:] == [["track_2", "track_1", "track_0"], ["track_0", "track_2", "track_1"]]


def test_a_lone_point_is_as_large_as_a_part_of_the_picture():
    # 480 px / 8 = 60 px; the gate is 0.8 of it.
    assert track([dots((100, 100)), dots((130, 100))])[1] == ["track_0"]
    assert track([dots((100, 100)), dots((160, 100))])[1] == ["track_1"]


@pytest.mark.parametrize(("body_size", "same"), [(20, False), (200, True)])
def test_the_body_size_may_be_given(body_size, same):
    assert (track([dots((100, 100)), dots((130, 100))], body_size=body_size)[1] == ["track_0"]) is same
    assert (track([animals((0, 0)), animals((30, 0))], body_size=body_size)[1] == ["track_0"]) is same


def test_beyond_max_tracks_instances_stay_without_a_track():
    frames = [animals((0, 0), (200, 0), (400, 0))] * 5
    assert track(frames, max_tracks=2) == [["track_0", "track_1", None]] * 5
    assert track(frames, max_tracks=3) == [["track_0", "track_1", "track_2"]] * 5


def test_the_best_instances_get_the_names_that_there_are():
    frames = [animals((0, 0), (200, 0), (400, 0))] * 3
    assert track(frames, [[0.7, 0.9, 0.8]] * 3, max_tracks=2) == [[None, "track_0", "track_1"]] * 3


def test_with_a_limit_a_lost_animal_gets_its_track_back():
    # It is away for 20 frames, longer than the window, and comes back 12 body sizes away.
    gone = [*STILL, *[animals()] * 20, *[animals((500, 0))] * 4]
    assert [found[0] for found in track(gone, max_tracks=1)[-4:]] == [None, None, "track_0", "track_0"]
    assert [found[0] for found in track(gone, max_tracks=2)[-4:]] == ["track_1"] * 4
    # 100 body sizes are farther than it can have come: 1.5 for each frame.
    far = [*STILL, *[animals()] * 20, *[animals((100 * SIZE, 0))] * 4]
    assert [found[0] for found in track(far, max_tracks=1)[-4:]] == [None] * 4


def test_a_lost_animal_is_looked_for_where_it_was_seen():
    # It walked when it was lost, 40 frames ago, but did not walk on for ever.
    frames = [animals((6 * t, 0)) for t in range(10)] + [None] * 39 + [animals((60, 0))] * 4
    assert track(frames, max_tracks=1)[-1] == ["track_0"]
    late = [animals((6 * t, 0)) for t in range(10)] + [None] * 10_000 + [animals((60, 0))] * 4
    assert track(late, max_tracks=1)[-1] == ["track_0"]


def test_lost_animals_come_back_as_who_they_most_likely_are():
    both = [animals((0, 0), (600, 0))] * 5
    back = [*both, *[animals()] * 20, *[animals((590, 60), (20, 60))] * 5]
    assert track(back, max_tracks=2)[-1] == ["track_1", "track_0"]


def test_a_stranger_who_does_not_stay_takes_no_lost_track():
    frames = [animals((0, 0), (200, 0))] * 5 + [animals((0, 0))] * 20
    flash = [animals((0, 0), (300, 50))] * 2 + [animals((0, 0))] * 3
    names = track([*frames, *flash, *[animals((0, 0), (210, 0))] * 4], max_tracks=2)
    assert [found[1:] for found in names[25:27]] == [[None], [None]]
    assert names[-1] == ["track_0", "track_1"]


def test_tracks_are_never_more_than_the_limit():
    rng = np.random.default_rng(0)
    frames = [animals(*rng.uniform(0, 2000, (rng.integers(0, 12), 2))) for _ in range(300)]
    names = {name for found in track(frames, max_tracks=3) for name in found if name is not None}
    assert names == {"track_0", "track_1", "track_2"}


def test_the_score_is_1_where_the_track_was_expected_and_0_at_the_gate():
    result = tracked([*[animals((0, 0))] * 3, animals((0.25 * SIZE, 0))], gate=0.5)
    assert np.isnan(result.tracking_score[0])
    np.testing.assert_array_equal(result.tracking_score[1:3], 1)
    assert result.tracking_score[3] == pytest.approx(0.5)
    leap = tracked([*STILL, animals((0.9 * SIZE, 0))])
    assert leap.tracking_score[-1] == 0


def test_points_of_the_caller_are_not_changed():
    poses = hide(animals((0, 0)), 1)
    frames = [poses, poses + 2, poses + 4]
    kept = [p.copy() for p in frames]
    track(frames)
    np.testing.assert_array_equal(frames, kept)


def test_a_startled_animal_in_a_quiet_film_keeps_its_name():
    # Two animals sit; then one darts off, faster and faster. Nothing in the film was ever a stranger.
    rng = np.random.default_rng(0)
    dart = np.cumsum([0.0] * 300 + [0.2, 0.4, 0.6, 0.6, 0.6, 0.4, 0.2, 0.0, 0.0]) * SIZE
    frames = [animals((0, 0), (1.2 * SIZE, x)) + rng.normal(0, 0.2, (2, 4, 2)) for x in dart]
    assert track(frames) == [["track_0", "track_1"]] * len(frames)
