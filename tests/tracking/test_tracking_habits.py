import itertools

import numpy as np
import pytest
from drawn_walks import SIZE, animals, dots, table

from antpipe.config.tracking import TrackConfig
from antpipe.tracking.found import by_frame
from antpipe.tracking.habits import BEYOND, LEAST_GAIN, LEAST_SPREAD, Habits
from antpipe.tracking.registry import Setup
from antpipe.tracking.scale import Scale


def taught(misses):
    """Habits that have learned from misses (frames, tracks, 2) in body sizes."""
    habits = Habits()
    for before, now in itertools.pairwise(misses):
        habits.learn(np.linalg.norm(now, axis=-1), before, now)
    return habits


@pytest.mark.parametrize("tracks", [1, 10, 100])
@pytest.mark.parametrize("size", [0.05, 0.3])
def test_the_spread_is_a_quantile_of_the_distances(size, tracks):
    misses = np.random.default_rng(0).normal(0, size, (1500, tracks, 2))
    expected = size * np.sqrt(-2 * np.log(BEYOND))  # of a Rayleigh distribution
    assert taught(misses).spread == pytest.approx(expected, rel=0.25)


def test_the_spread_does_not_follow_a_few_wrong_links():
    misses = np.random.default_rng(0).normal(0, 0.05, (1500, 10, 2))
    misses[:, 0] *= 100
    assert taught(misses).spread < 0.1


def test_perfect_predictions_are_not_believed_to_go_on():
    assert taught(np.zeros((1000, 5, 2))).spread == LEAST_SPREAD


def test_the_gain_falls_with_noise_and_rises_with_turns():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (400, 5, 2))
    assert taught(np.diff(noise, axis=0)).gain == LEAST_GAIN  # each miss undoes the one before
    turns = np.repeat(rng.normal(0, 0.1, (40, 5, 2)), 10, axis=0)
    assert taught(turns).gain == 1


def test_young_tracks_are_drawn_as_a_line_through_all_their_instances():
    # One instance says nothing of the velocity; two give it; three or more are a regression.
    habits = Habits()
    habits.gain = LEAST_GAIN
    place, velocity = habits.gains(np.array([1, 2, 3, 100]), np.zeros(4))
    for times in (1, 2, 3):
        line = np.polynomial.Polynomial.fit(range(times + 1), [0] * times + [1], 1)
        assert place[times - 1] == pytest.approx(line(times))
        assert velocity[times - 1] == pytest.approx(line.deriv()(0))
    assert place[3] == LEAST_GAIN


def test_without_strangers_far_movements_are_believed():
    quiet, busy = Habits(), Habits()
    for _ in range(400):
        quiet.learn_strangers(0, 10)
        busy.learn_strangers(1, 10)
    assert quiet.farthest > 5 * busy.farthest
    old, far = np.array([100, 100]), np.array([0.0, 20 * quiet.spread])
    assert quiet.gains(old, far)[0].tolist() == pytest.approx([quiet.gain, 1], abs=0.1)
    assert busy.gains(old, far)[0].tolist() == [busy.gain, busy.gain]


def scale_of(frames, **config):
    poses = table(frames)
    scale = Scale(Setup(config=TrackConfig(**config), nodes=frames[0].shape[1], width=640, height=480))
    for _, found in by_frame(poses, np.full(len(poses), -1), np.ones(len(poses), bool)):
        scale.learn(found)
    return scale, found


def test_the_usual_size_is_that_of_poses_and_else_the_distance_of_neighbours():
    assert scale_of([animals((0, 0), (100, 0))])[0].size == pytest.approx(SIZE)
    assert scale_of([dots((0, 0), (30, 40), (130, 40))])[0].size == 50
    assert scale_of([dots((0, 0))])[0].size == 60  # an eighth of the picture's height
    assert scale_of([dots((0, 0)), dots((0, 0), (0, 25))])[0].size == 25
    assert scale_of([animals((0, 0))], body_size=7.0)[0].size == 7


def test_what_shows_little_is_no_smaller_than_half_of_what_is_usual():
    little = animals((300, 0))
    little[0, 1:] = np.nan
    scale, found = scale_of([np.concatenate([animals((0, 0)), little])])
    assert scale.sizes(found).tolist() == pytest.approx([SIZE, SIZE / 2])
    scale, found = scale_of([animals((0, 0), (9, 9))], body_size=7.0)
    assert scale.sizes(found).tolist() == [7, 7]
