"""From samples to frames: clocks, means, straight lines; and correlations at every lag."""

import numpy as np
import pytest

from antpipe.config.measurements import CompareConfig, MeasurementsConfig
from antpipe.features.clocks import set_clock
from antpipe.features.compare import compare
from antpipe.features.correlation import lagged_correlations
from antpipe.features.joined_read import Joined
from antpipe.features.per_frame import interpolate_per_frame, mean_per_frame

NAN = float("nan")


def clock(sync, **settings):
    return set_clock(MeasurementsConfig(time="t", **settings), sync, raw_fps=25.0)


@pytest.mark.parametrize(
    ("settings", "sync", "time", "video"),
    [
        ({}, [], 3.0, 3.0),
        ({"time_unit": "ms"}, [], 1500, 1.5),
        ({"time_unit": "us"}, [], 2e6, 2.0),
        ({"time_unit": "min"}, [], 0.5, 30.0),
        ({"time_unit": "frame"}, [], 50, 2.0),
        ({"time_unit": "frame"}, [(100, 5.0)], 125, 6.0),
        ({}, [(100.0, 2.5)], 101.0, 3.5),
        ({"time_unit": "ms"}, [(1000, 2.5)], 3000, 4.5),
        ({}, [(100.0, 0.0), (1100.0, 1001.0)], 600.0, 500.5),
        ({"time_unit": "ms"}, [(0, 10.0), (1000, 12.0)], 500, 11.0),
    ],
)
def test_times_of_a_file_become_times_of_the_video(settings, sync, time, video):
    found = clock(sync, **settings)
    assert found(np.array([time])) == pytest.approx([video], abs=1e-9)
    assert found.miss_s == pytest.approx(0, abs=1e-9)


def test_more_moments_are_met_as_well_as_a_line_can():
    found = clock([(0, 1.0), (10, 11.2), (20, 21.0), (30, 31.2)])
    assert found.rate == pytest.approx(1.004)
    assert found.miss_s == pytest.approx(0.12, abs=0.01)


def test_a_clock_that_starts_at_a_date_keeps_its_milliseconds():
    start = 1.7e9
    assert clock([(start, 0.0), (start + 3600, 3600.5)])(np.array([start + 1800])) == pytest.approx([1800.25], abs=1e-5)


def test_a_frame_has_the_mean_of_the_samples_nearer_to_it_than_to_others():
    times = np.array([-0.6, -0.5, 0.0, 0.49, 0.5, 1.2, 3.0, 3.0])
    values = np.array([[9.0], [1], [2], [3], [10], [20], [5], [NAN]])
    found = mean_per_frame(times, values, np.arange(5.0), 1.0)
    np.testing.assert_allclose(found[:, 0], [2, 15, NAN, 5, NAN])


def test_frames_that_are_far_apart_take_no_samples_from_between():
    found = mean_per_frame(np.arange(0, 10, 0.1), np.arange(100.0)[:, None], np.array([1.0, 7.0]), 0.5)
    np.testing.assert_allclose(found[:, 0], [10, 70])


def test_columns_have_means_of_their_own():
    found = mean_per_frame(np.array([0.0, 0.1]), np.array([[1.0, NAN], [3.0, 8.0]]), np.zeros(1), 1.0)
    np.testing.assert_allclose(found, [[2, 8]])


@pytest.mark.parametrize("at", [np.zeros(0), np.array([50.0])])
def test_without_samples_there_is_no_mean(at):
    assert np.isnan(mean_per_frame(np.arange(3.0), np.ones((3, 1)), at, 1.0)).all()


def test_a_frame_between_samples_lies_on_the_line_through_them():
    times, values = np.array([0.0, 1.0, 1.0, 3.0, 4.0]), np.array([[0.0], [1], [3], [6], [NAN]])
    at = np.array([-0.1, 0.0, 0.5, 1.0, 1.5, 3.0, 3.5])
    np.testing.assert_allclose(interpolate_per_frame(times, values, at, 2.0)[:, 0], [NAN, 0, 1, 2, 3, 6, NAN])
    np.testing.assert_allclose(interpolate_per_frame(times, values, at, 1.0)[:, 0], [NAN, 0, 1, 2, NAN, 6, NAN])


def test_samples_exactly_as_far_apart_as_the_longest_gap_are_joined():
    times = np.arange(100) * 0.1
    found = interpolate_per_frame(times, times[:, None], times[:-1] + 0.05, 0.1)
    np.testing.assert_allclose(found[:, 0], times[:-1] + 0.05)


def test_a_column_without_a_sample_stays_missing():
    assert np.isnan(interpolate_per_frame(np.arange(3.0), np.full((3, 1), NAN), np.arange(3.0), 9.0)).all()


def noise(frames=400, seed=0):
    return np.random.default_rng(seed).normal(size=frames)


@pytest.mark.parametrize("lag", [-7, -1, 0, 1, 12])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_strongest_correlation_is_at_the_lag_of_the_second_behind_the_first(lag, sign):
    first = noise()
    found = lagged_correlations(first, 3 + sign * 2 * np.roll(first, lag), 20, 30)
    assert found.lags[found.best] == lag
    assert found.values[found.best] == pytest.approx(sign)
    assert found.samples[found.best] == 400 - abs(lag)


def test_pairs_with_a_missing_value_do_not_count_and_the_others_give_what_numpy_gives():
    first, second = noise(), noise(seed=1) + noise()
    first[10:90], second[60:150] = NAN, NAN
    found = lagged_correlations(first, second, 5, 30)
    for lag, value, samples in zip(*found, strict=True):
        pairs = [(first[t], second[t + lag]) for t in range(400) if 0 <= t + lag < 400]
        both = np.array([pair for pair in pairs if not np.isnan(pair).any()])
        assert samples == len(both)
        assert value == pytest.approx(np.corrcoef(both.T)[0, 1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.full(50, NAN), np.arange(50.0)),
        (np.ones(50), np.arange(50.0)),
        (np.arange(5.0), np.arange(5.0)),
        (np.zeros(0), np.zeros(0)),
    ],
    ids=["all missing", "no change", "too few", "empty"],
)
def test_where_no_correlation_can_be_told_there_is_none(first, second):
    found = lagged_correlations(first, second, 8, 10)
    assert np.isnan(found.values).all()
    assert len(found.lags) == 17
    assert found.best is None


@pytest.mark.parametrize("lag", [-10, 10])
def test_a_short_track_is_compared_with_what_was_measured_before_and_after_it(lag):
    force, places = noise(), np.arange(100, 140)
    tracks = {"a": (places, {"angle": force[places - lag]})}
    joined = Joined(10.0, {}, np.arange(400) / 10, {"Force": force}, tracks)
    (found,) = compare(joined, CompareConfig(max_lag_s=1.5))
    assert found.correlations.lags[[0, -1]].tolist() == [-15, 15]
    assert found.correlations.samples.tolist() == [40] * 31
    assert found.correlations.lags[found.correlations.best] == lag
