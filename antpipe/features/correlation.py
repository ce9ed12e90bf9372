"""How two series go together when one is shifted in time."""

from typing import NamedTuple

import numpy as np

from antpipe.geometry import Array


class Correlations(NamedTuple):
    """Correlations of two series over the frames of a video, at every lag."""

    lags: Array
    """(lags,) in frames: at lag n, `second` is taken n frames after `first`."""
    values: Array
    """(lags,) Pearson's r, -1 to 1; NaN where it cannot be told."""
    samples: Array
    """(lags,) frames that it is made of."""

    @property
    def best(self) -> int | None:
        """Index of the lag with the strongest correlation, positive or negative; None where none can be told."""
        if np.isnan(self.values).all():
            return None
        return int(np.nanargmax(np.abs(self.values)))


def lagged_correlations(first: Array, second: Array, max_lag: int, min_samples: int) -> Correlations:
    """Return the correlation of two series (frames,), NaN where missing, at lags from `-max_lag` to `max_lag`.

    A pair of frames counts where both series have a value; nothing is filled in. With fewer than `min_samples` pairs,
    or where one series does not change, the correlation is NaN.
    """
    lags = np.arange(-max_lag, max_lag + 1)
    values, samples = np.full(len(lags), np.nan), np.zeros(len(lags), np.int64)
    for i, lag in enumerate(lags):
        pairs = max(len(first) - abs(lag), 0)
        early, late = first[max(0, -lag) :][:pairs], second[max(0, lag) :][:pairs]
        both = ~(np.isnan(early) | np.isnan(late))
        samples[i] = np.count_nonzero(both)
        if samples[i] >= max(min_samples, 2):
            values[i] = _pearson(early[both], late[both])
    return Correlations(lags, values, samples)


def _pearson(first: Array, second: Array) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))
