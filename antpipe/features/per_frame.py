"""Samples of a sensor as one value for each frame."""

import numpy as np

from antpipe.geometry import Array


def mean_per_frame(times: Array, values: Array, at: Array, interval: float) -> Array:
    """Return the means (frames, columns) of the samples within half an interval of each frame.

    Args:
        times: (samples,) in seconds, never falling.
        values: (samples, columns); NaN does not count.
        at: (frames,) times of frames in seconds, growing.
        interval: seconds from frame to frame; a sample halfway between two frames belongs to the later one.

    Returns:
        NaN where a frame has no sample.
    """
    near = slice(*np.searchsorted(times, [at[0] - interval / 2, at[-1] + interval / 2])) if len(at) else slice(0)
    times, values = times[near], values[near]
    frame = np.searchsorted(at - interval / 2, times, side="right") - 1
    inside = times < at[frame] + interval / 2
    means = np.full((len(at), values.shape[1]), np.nan)
    for column in range(values.shape[1]):
        counted = inside & ~np.isnan(values[:, column])
        count = np.bincount(frame[counted], minlength=len(at))
        total = np.bincount(frame[counted], values[counted, column], minlength=len(at))
        means[count > 0, column] = total[count > 0] / count[count > 0]
    return means


def interpolate_per_frame(times: Array, values: Array, at: Array, max_gap: float) -> Array:
    """Return the values (frames, columns) on straight lines between the samples before and after each frame.

    Args:
        times: (samples,) in seconds, never falling; several samples of one time count as their mean.
        values: (samples, columns); NaN is no sample.
        at: (frames,) times of frames in seconds.
        max_gap: samples farther apart, in seconds, are not joined.

    Returns:
        NaN before the first sample, after the last one, and within gaps.
    """
    found = np.full((len(at), values.shape[1]), np.nan)
    for column in range(values.shape[1]):
        seen = ~np.isnan(values[:, column])
        if seen.any():
            found[:, column] = _interpolate(*_one_each(times[seen], values[seen, column]), at, max_gap)
    return found


def _one_each(times: Array, values: Array) -> tuple[Array, Array]:
    different, which = np.unique(times, return_inverse=True)
    return different, np.bincount(which, values) / np.bincount(which)


def _interpolate(times: Array, values: Array, at: Array, max_gap: float) -> Array:
    after = np.clip(np.searchsorted(times, at), 0, len(times) - 1)
    before = np.maximum(np.where(times[after] == at, after, after - 1), 0)
    inside = (times[before] <= at) & (at <= times[after])
    # Rounding must not open the gaps of a sensor whose samples are just so far apart.
    joined = times[after] - times[before] <= max_gap * (1 + 1e-9)
    return np.where(inside & joined, np.interp(at, times, values), np.nan)
