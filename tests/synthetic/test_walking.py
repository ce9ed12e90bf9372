import numpy as np
import pytest

from antpipe.synthetic.difficulty import DIFFICULTIES
from antpipe.synthetic.walking import STRIDE, STRIDE_GROWTH, TOP_SPEED, TURN_REACH, stride_rate, walk

SIZE = (500, 360)
LENGTHS = np.linspace(40, 70, 8)


def make_walk(difficulty="easy", seed=1, fps=24.0, frames=300):
    rng = np.random.default_rng(seed)
    return walk(rng, lengths=LENGTHS, frames=frames, fps=fps, size=SIZE, traits=DIFFICULTIES[difficulty])


@pytest.mark.parametrize(
    ("speed", "turn", "strides"),
    [
        (0, 0, 0),
        (2, 0, 2 / (STRIDE + 2 * STRIDE_GROWTH)),
        (0, -3, 3 * TURN_REACH / STRIDE),
        (0, 3, 3 * TURN_REACH / STRIDE),
    ],
)
def test_strides_follow_speed(speed, turn, strides):
    assert stride_rate(np.array(speed), np.array(turn)) == pytest.approx(strides)


@pytest.mark.parametrize("difficulty", ["easy", "hard"])
@pytest.mark.parametrize("fps", [5.0, 24.0, 60.0])
def test_ants_stay_in_the_picture_walk_forwards_and_pause(difficulty, fps):
    way = make_walk(difficulty, fps=fps, frames=round(25 * fps))
    assert (way.position > 0).all()
    assert (way.position < SIZE).all()
    step = np.diff(way.position, axis=0)
    speed = np.linalg.norm(step, axis=-1) * fps / LENGTHS
    assert speed.max() <= TOP_SPEED + 1e-9
    assert (speed < 0.05).mean() > 0.01
    assert 1.0 < np.median(speed) < 3.0
    ahead = np.stack([np.cos(way.heading[:-1]), np.sin(way.heading[:-1])], axis=-1)
    sideways = np.abs(step[..., 0] * ahead[..., 1] - step[..., 1] * ahead[..., 0])
    assert np.median(sideways * fps / LENGTHS) < 0.3


def test_phase_never_falls_and_grows_by_the_stride_rate():
    way = make_walk()
    assert (np.diff(way.phase, axis=0) > 0).all()
    speed = np.linalg.norm(np.diff(way.position, axis=0), axis=-1) * 24 / LENGTHS
    turn = np.diff(way.heading, axis=0) * 24
    expected = stride_rate(speed, turn) / 24
    assert np.median(np.abs(np.diff(way.phase, axis=0) - expected)) < 1e-3


def test_same_numbers_same_way():
    np.testing.assert_array_equal(make_walk().position, make_walk().position)
    assert not np.allclose(make_walk(seed=1).position, make_walk(seed=2).position)


def test_a_crowd_too_large_for_the_picture_still_walks():
    lengths = np.full(60, 60.0)
    traits = DIFFICULTIES["easy"]
    way = walk(np.random.default_rng(0), lengths=lengths, frames=50, fps=24, size=(130, 130), traits=traits)
    assert np.isfinite(way.position).all()
    assert ((way.position > 0) & (way.position < 130)).all()
