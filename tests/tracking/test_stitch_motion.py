import numpy as np
import pytest

from antpipe.tracking.stitch_motion import FREEDOMS, Motion, learn_motion, middles, misses, sample_motion, shifts
from antpipe.tracking.stitch_motion import velocities as velocities_of
from antpipe.tracking.stitch_rows import Rows

NAN = np.nan
BODY = np.array([[-10.0, 0.0], [10.0, 0.0]])


def rows_of(place, track=0, first=0):
    """The rows of one track whose middle is at places (frames, 2)."""
    frames = len(place)
    return Rows(
        frame_idx=first + np.arange(frames),
        track=np.full(frames, track, np.int64),
        points=np.asarray(place, float)[:, None] + BODY,
        score=np.full(frames, np.nan, np.float32),
    )


def together(*rows):
    return Rows(**{name: np.concatenate([getattr(r, name) for r in rows]) for name in vars(rows[0])})


def motion(**changes):
    values = {"memory": 8.0, "lags": np.array([1.0, 4.0]), "spreads": np.array([2.0, 4.0]), "freedom": 3.0}
    return Motion(**{**values, "area": 1e6, "size": 20.0, **changes})


def test_velocities_are_those_of_the_frames_before_and_after_within_a_track():
    straight = rows_of(np.outer(np.arange(8), [3.0, -1.0]))
    other = rows_of(np.outer(np.arange(3), [-2.0, 0.0]) + 500, track=1)
    before, after = velocities_of(together(straight, other))
    expected = np.array([[3.0, -1.0]] * 8 + [[-2.0, 0.0]] * 3)
    np.testing.assert_allclose(np.delete(before, [0, 8], axis=0), np.delete(expected, [0, 8], axis=0))
    np.testing.assert_allclose(np.delete(after, [7, 10], axis=0), np.delete(expected, [7, 10], axis=0))
    assert not before[[0, 8]].any()
    assert not after[[7, 10]].any()


def test_shifts_and_misses_go_by_the_nodes_that_both_show():
    before = np.array([[[0.0, 0], [10, 0]], [[0, 0], [NAN, NAN]]])
    after = np.array([[[3.0, 4], [NAN, NAN]], [[NAN, NAN], [7, 0]]])
    np.testing.assert_allclose(shifts(before, after), [[3, 4], [7, 0]])
    np.testing.assert_allclose(misses(before, after, np.array([[3.0, 0], [7, 3]])), [4, 3])
    turned = np.array([[[0.0, 0], [0, 10]]])
    assert misses(before[:1], turned, np.zeros((1, 2)))[0] == pytest.approx(10)  # sqrt((0 + 200) / 2)
    np.testing.assert_array_equal(middles(np.full((1, 2, 2), NAN)), [[NAN, NAN]])


def test_an_unseen_animal_coasts_for_no_longer_than_its_memory():
    assert motion().coasting(np.array([1.0]))[0] == pytest.approx(0.5, rel=0.01)
    assert motion().coasting(np.array([1000.0]))[0] == pytest.approx(8)


def test_spreads_grow_between_and_beyond_the_lags_that_were_seen():
    np.testing.assert_allclose(motion().spread(np.array([1, 2, 4, 16])), [2, np.sqrt(8), 4, 8])


def test_log_odds_are_those_of_two_densities():
    pose = BODY[None]
    gap, still = np.array([1]), np.zeros((1, 2))
    here = motion().log_odds(pose, pose, still, gap)[0]
    assert here == pytest.approx(np.log(1e6 / (2 * np.pi * 2.0**2)))
    off = motion().log_odds(pose, pose + 6, still, gap)[0]
    assert off == pytest.approx(here - 2.5 * np.log(1 + 72 / (3 * 4)))
    assert motion().log_odds(pose, pose + 1e6, still, gap)[0] == -20
    ahead = motion().log_odds(pose, pose + np.array([4.0, 0]), np.array([[4.0, 0]]), gap)[0]
    assert here - 0.01 < ahead + 2.5 * np.log(1 + (4 - 4 * motion().coasting(gap)[0]) ** 2 / 12) < here + 0.01


def test_the_density_of_errors_is_one_altogether():
    radius = np.linspace(0, 4000, 400_001)
    values = motion(area=1.0)
    pose = np.zeros((1, 1, 2))
    x = np.stack([radius, 0 * radius], axis=-1)[:, None]
    density = np.exp(values.log_odds(np.repeat(pose, len(x), 0), x, np.zeros((len(x), 2)), np.ones(len(x))))
    inside = radius < 400
    assert np.trapezoid((2 * np.pi * radius * density)[inside], radius[inside]) == pytest.approx(1, abs=1e-3)


def learned(place, **settings):
    return learn_motion([sample_motion(rows_of(place), settings.pop("longest", 64))])


def test_a_straight_walk_is_remembered_for_ever_and_a_random_one_not_at_all():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.2, (2000, 2))
    straight = learned(np.outer(np.arange(2000), [2.0, 1.0]) + noise)
    assert straight.memory == 64
    # After 64 frames a memory of 64 falls 2 (32 - 64 tanh(1/2)) = 5 frames short, of 2.2 pixels each.
    assert straight.spreads.max() < 10
    wild = learned(np.cumsum(rng.normal(0, 3, (20_000, 2)), axis=0))
    assert wild.memory <= 2
    # A step of a random walk has a standard deviation of 3 along each axis.
    np.testing.assert_allclose(wild.spreads[[5, 8]], 3 * np.sqrt(wild.lags[[5, 8]]), rtol=0.2)
    assert wild.freedom == FREEDOMS[-1]


def test_startled_animals_make_heavy_tails():
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 1, (20_000, 2)) * np.where(rng.random(20_000) < 0.1, 30, 1)[:, None]
    assert learned(np.cumsum(steps, axis=0), longest=1).freedom <= 2


@pytest.mark.parametrize("frames", [1, 5])
def test_too_little_teaches_nothing(frames):
    assert learned(np.zeros((frames, 2))) is None
    assert learn_motion([]) is None


def test_animals_that_never_move_have_some_spread():
    assert (learned(np.zeros((100, 2))).spreads > 0).all()
