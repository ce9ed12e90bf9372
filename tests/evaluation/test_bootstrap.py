import numpy as np
import pytest
from scipy.stats import t

from antpipe.evaluation.bootstrap import draw_blocks, frame_blocks, interval, paired_difference

NAN = np.nan


def test_neighbouring_frames_of_a_video_are_one_block():
    # Two long videos: blocks of 100 frames, from the first labelled one on.
    blocks, span = frame_blocks(["a", "b", "a", "a", "a", "b"], [50, 50, 149, 150, 5000, 49])
    assert span == 100
    assert blocks.tolist() == [0, 3, 0, 1, 2, 3]


@pytest.mark.parametrize(("frames", "span", "count"), [(100, 5, 20), (10, 1, 10), (5000, 100, 50), (1, 1, 1)])
def test_short_videos_have_shorter_blocks(frames, span, count):
    blocks, found = frame_blocks(["a"] * frames, range(frames))
    assert (found, blocks.max() + 1) == (span, count)
    assert np.bincount(blocks).max() == span


def test_draws_are_as_many_as_there_are_blocks_and_the_same_for_the_same_seed():
    draws = draw_blocks(7, 3)
    assert (draws.sum(axis=1) == 7).all()
    np.testing.assert_array_equal(draws, draw_blocks(7, 3))
    assert (draws != draw_blocks(7, 4)).any()
    assert draws.mean(axis=0) == pytest.approx(1, abs=0.15)


def test_interval_of_a_mean_is_that_of_students_t():
    rng = np.random.default_rng(0)
    for count in (8, 20, 200):
        values = rng.normal(5, 2, count)
        low, high = interval(draw_blocks(count) @ values / count, count)
        half = t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count)
        assert (high - low) / 2 == pytest.approx(half, rel=0.15)
        assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.15 * half)


def test_interval_needs_two_blocks_and_leaves_out_nan():
    assert np.isnan(interval(np.ones(10), 1)).all()
    assert np.isnan(interval(np.full(10, NAN), 5)).all()
    assert interval(np.array([NAN, 1, 1]), 5) == (1, 1)


def coverage(blocks, *, count, trials=400):
    """The share of intervals that hold the true difference, 0, of runs whose frames within a fifth are alike."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(trials):
        of_block = np.repeat(rng.normal(size=count), 5)
        values = of_block + rng.normal(0, 0.3, 5 * count)
        _, low, high, _ = paired_difference(values, np.zeros(5 * count), blocks)
        inside += low <= 0 <= high
    return inside / trials


@pytest.mark.parametrize("count", [10, 25])
def test_intervals_hold_the_truth_as_often_as_they_say(count):
    # The standard error of a share of 400 is .011.
    assert coverage(np.repeat(np.arange(count), 5), count=count) == pytest.approx(0.95, abs=0.03)


def test_frames_taken_for_independent_would_promise_too_much():
    assert coverage(np.arange(50), count=10) < 0.75


def test_the_same_frames_of_two_runs_are_compared_frame_by_frame():
    rng = np.random.default_rng(0)
    hard = rng.normal(10, 5, 60)  # frames differ far more than runs do
    a, b = hard + 0.5 + rng.normal(0, 0.2, 60), hard + rng.normal(0, 0.2, 60)
    difference, low, high, share = paired_difference(a, b, np.arange(60) // 3)
    assert difference == pytest.approx((a - b).mean())
    assert 0.3 < low < difference < high < 0.7
    assert share == 1
    assert paired_difference(b, a, np.arange(60) // 3) == pytest.approx((-difference, -high, -low, 1))


def test_frames_that_one_run_has_no_value_for_are_left_out():
    values = [1.0, None, 3.0, 2.0]
    difference, low, high, share = paired_difference(values, [0.0, 5.0, NAN, 1.0], np.array([4, 5, 6, 7]))
    assert (difference, low, high, share) == (1, 1, 1, 1)
    assert np.isnan(paired_difference([1.0, NAN], [0.0, 0.0], np.array([0, 1]))[1:]).all()
    assert np.isnan(paired_difference([NAN], [0.0], np.array([0]))).all()


def test_the_same_run_twice_does_not_differ():
    values = np.arange(30.0)
    assert paired_difference(values, values, np.arange(30)) == (0, 0, 0, 1)


def test_values_of_different_frames_are_refused():
    with pytest.raises(ValueError, match="expected two values and a block for each frame"):
        paired_difference([1.0, 2.0], [1.0], np.array([0, 1]))
