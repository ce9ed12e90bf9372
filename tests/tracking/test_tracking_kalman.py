import numpy as np
import pytest
from drawn_walks import SIZE, animals, hide, track, tracked

from antpipe.errors import ConfigError
from antpipe.tracking import kalman_filter
from antpipe.tracking.kalman_filter import STEP, correct, first_places, first_state, learn_noise, predict

NAN = np.nan


def textbook(path, move, point, start):
    """A Kalman filter of one coordinate, with the matrices of the textbook: states (frames, 2)."""
    state, covariance, states = np.array([path[0], 0.0]), start, []
    see = np.array([[1.0, 0.0]])
    for k, now in enumerate(path):
        if k:
            state, covariance = STEP @ state, STEP @ covariance @ STEP.T + move
            if not np.isnan(now):
                gain = covariance @ see.T @ np.linalg.inv(see @ covariance @ see.T + point)
                state = state + (gain * (now - see @ state)).ravel()
                covariance = (np.eye(2) - gain @ see) @ covariance
        states.append(state)
    return np.array(states)


def test_the_filter_is_that_of_the_textbook_for_every_node():
    rng = np.random.default_rng(0)
    paths = np.cumsum(rng.normal(0, 2, (30, 2, 3, 2)), axis=0)
    paths[rng.random(paths.shape[:3]) < 0.3] = NAN
    paths[0] = rng.normal(0, 2, (2, 3, 2))
    move = np.array([np.diag([0.5, 0.1]), [[1.0, 0.2], [0.2, 0.3]], np.eye(2)])
    noise = move, np.array([1.0, 2.0, 0.5])
    state = first_state(paths[0], noise)
    start = state[1]
    got = [state[0]]
    for now in paths[1:]:
        state = correct(*predict(*state, noise), now, noise)
        got.append(state[0])
    for track_, node, axis in np.ndindex(2, 3, 2):
        expected = textbook(paths[:, track_, node, axis], move[node], noise[1][node], start[track_, node])
        np.testing.assert_allclose(np.array(got)[:, track_, node, :, axis], expected)


def test_a_node_that_is_seen_for_the_first_time_starts_there():
    noise = np.eye(2)[None], np.ones(1)
    state = first_state(np.full((1, 1, 2), NAN), noise)
    state = predict(*state, noise)
    state = correct(*state, np.full((1, 1, 2), NAN), noise)
    assert np.isnan(state[0]).all()
    after = correct(*state, np.array([[[7.0, 9.0]]]), noise)
    np.testing.assert_array_equal(after[0], [[[[7, 9], [0, 0]]]])
    np.testing.assert_array_equal(after[1], first_state(np.zeros((1, 1, 2)), noise)[1])


def test_the_first_place_is_the_first_that_is_visible():
    paths = np.full((3, 1, 2, 2), NAN)
    paths[1, 0, 0], paths[2, 0, 0] = (3, 4), (5, 6)
    np.testing.assert_array_equal(first_places(paths), [[[3, 4], [NAN, NAN]]])


def drawn_paths(move, point, hidden=0.0, frames=40):
    """Paths (frames, tracks, nodes, 2) of nodes whose velocity changes by `move`, seen with an error of `point`."""
    rng = np.random.default_rng(0)
    velocity = np.cumsum(rng.normal(0, move, (frames, 8, 2, 2)), axis=0)
    paths = np.cumsum(velocity, axis=0) + rng.normal(0, point, velocity.shape)
    paths[1:][rng.random((frames - 1, 8, 2)) < hidden] = NAN
    return paths


@pytest.mark.parametrize(("move", "point"), [(0.5, 3.0), (2.0, 2.0)])
@pytest.mark.parametrize("hidden", [0.0, 0.2])
def test_the_noise_is_learned_from_paths_made_with_it(move, point, hidden, monkeypatch):
    # The 20 rounds that are usual go most of the way there.
    monkeypatch.setattr(kalman_filter, "ROUNDS", 80)
    movement, points = learn_noise(drawn_paths(move, point, hidden))
    assert points.mean() == pytest.approx(point**2, rel=0.3)
    assert movement[:, 1, 1].mean() == pytest.approx(move**2, rel=0.3)


def log_likelihood(paths, noise):
    """How likely paths are, by the errors of a filter that predicts each frame from those before."""
    state, total = first_state(paths[0], noise), 0.0
    for now in paths[1:]:
        state = predict(*state, noise)
        spread = state[1][..., 0, 0] + noise[1]
        total -= np.sum((now - state[0][..., 0, :]) ** 2 / spread[..., None] + np.log(spread)[..., None])
        state = correct(*state, now, noise)
    return total


@pytest.mark.parametrize(("move", "point"), [(0.5, 3.0), (2.0, 0.5), (1.0, 1.0)])
def test_more_rounds_of_learning_make_the_paths_likelier(move, point, monkeypatch):
    paths, likelihood = drawn_paths(move, point, frames=20), []
    for rounds in (0, 1, 3, 10, 20):
        monkeypatch.setattr(kalman_filter, "ROUNDS", rounds)
        likelihood.append(log_likelihood(paths, learn_noise(paths)))
    assert (np.diff(likelihood) > 0).all()


@pytest.mark.parametrize("paths", [np.zeros((5, 2, 2, 2)), np.full((5, 2, 2, 2), NAN)], ids=["still", "never seen"])
def test_paths_that_teach_nothing_give_a_noise_that_can_be_used(paths):
    movement, points = learn_noise(paths)
    assert (points > 0).all()
    assert (np.linalg.eigvalsh(movement) > 0).all()


def test_a_node_that_was_never_seen_has_the_noise_of_the_others():
    rng = np.random.default_rng(0)
    paths = rng.normal(0, 2, (20, 3, 3, 2))
    paths[:, :, 1] = NAN
    movement, points = learn_noise(paths)
    assert points[1] == pytest.approx((points[0] + points[2]) / 2)
    np.testing.assert_allclose(movement[1], (movement[0] + movement[2]) / 2)


KALMAN = {"method": "kalman", "target_instance_count": 2, "kf_init_frame_count": 6}


def test_animals_that_cross_keep_their_names():
    rng = np.random.default_rng(0)
    ways = [animals((9.0 * (t - 15), 0.0), (9.0 * (15 - t), 3.0)) for t in range(31)]
    names = track([poses + rng.normal(0, 0.3, poses.shape) for poses in ways], **KALMAN)
    assert names[:6] == [["track_0", "track_1"]] * 6
    assert names[-5:] == [["track_0", "track_1"]] * 5


def test_who_could_be_either_has_no_track_until_it_is_clear():
    frames = [animals((0, 0), (200, 0))] * 8
    doubled = animals((0.5, 0), (-0.5, 0), (200.5, 0))
    names = track([*frames, doubled, *frames[:1]], **KALMAN)
    assert names[8] == [None, None, "track_1"]
    assert names[9] == ["track_0", "track_1"]


def test_strangers_have_no_track_once_the_filters_are_learned():
    frames = [animals((0, 0), (200, 0))] * 8 + [animals((0, 0), (200, 0), (400, 0))] * 3
    assert track(frames, **KALMAN)[-1] == ["track_0", "track_1", None]


def test_one_animal_that_was_hidden_for_long_is_itself_and_two_get_new_names():
    both = [animals((0, 0), (200, 0))] * 8
    one = track([*both, *[animals((0, 0))] * 8, *both], **KALMAN)
    assert one[-1] == ["track_0", "track_1"]
    two = track([*both, *[animals((500, 500))] * 8, *both], **KALMAN)
    assert two[-1] == ["track_2", "track_3"]


def test_after_a_long_time_the_filters_are_learned_anew():
    both = [animals((0, 0), (200, 0))] * 8
    moved = [animals((0, 0), (400, 0))] * 8
    names = track([*both, *[animals((0, 0))] * 25, *moved], **KALMAN)
    assert names[-1] == ["track_0", "track_2"]


@pytest.mark.parametrize("nodes", [(0,), (1, 2)])
def test_only_the_chosen_nodes_are_followed(nodes):
    # The other nodes are somewhere else in every frame.
    rng = np.random.default_rng(0)
    frames = [animals((0, 0), (300, 0))] * 6 + [animals((0, 0), (300, 0)) for _ in range(6)]
    for poses in frames[6:]:
        poses[:, [n for n in range(4) if n not in nodes]] += rng.uniform(-60, 60, (2, 4 - len(nodes), 2))
    assert track(frames, kf_node_indices=nodes, gate=0.2, **KALMAN)[-1] == ["track_0", "track_1"]
    assert track(frames, gate=0.2, **KALMAN)[-1] == [None, None]


def test_nodes_that_do_not_exist_are_refused():
    with pytest.raises(ConfigError, match=r"track\.kf_node_indices: expected numbers from 0 to 3, .* got \[4, 9\]"):
        track([animals((0, 0))], kf_node_indices=(0, 4, 9), **KALMAN)


def test_nodes_hidden_while_learning_are_used_when_they_are_seen():
    frames = [hide(animals((0, 0), (200, 0)), 3)] * 8 + [animals((0, 0), (200, 0))] * 3
    frames.append(hide(animals((2, 0), (202, 0)), 0, 1, 2))
    assert track(frames, **KALMAN)[-1] == ["track_0", "track_1"]


def test_the_score_is_1_where_the_track_was_expected():
    result = tracked([animals((0, 0), (200, 0))] * 8 + [animals((0, 0), (200 + 0.2 * SIZE, 0))], **KALMAN)
    first, second = result.tracking_score[-2:]
    assert first == pytest.approx(1)
    assert second == pytest.approx(1 - 0.1 / 0.65)  # half of the way, as y did not change
