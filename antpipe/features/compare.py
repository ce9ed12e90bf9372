"""Which features go with what was measured: lagged correlations of every track of a joined table."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from antpipe.config.measurements import CompareConfig
from antpipe.features.correlation import Correlations, lagged_correlations
from antpipe.features.joined_read import Joined
from antpipe.geometry import Array
from antpipe.tsv import write_tsv

COLUMNS = (
    "measured",
    "feature",
    "track",
    "lag_s",
    "correlation",
    "samples",
    "correlation_at_0",
    "samples_at_0",
)


class Comparison(NamedTuple):
    """A measured column and a feature of one track."""

    measured: str
    feature: str
    track: str
    correlations: Correlations


def compare(joined: Joined, config: CompareConfig) -> Iterator[Comparison]:
    """Yield the correlations of each measured column with each feature of each track.

    A positive lag means that the feature comes after what was measured. See `lagged_correlations` for missing values.
    """
    reach = round(config.max_lag_s * joined.fps)
    for track, (places, features) in joined.tracks.items():
        # What was measured counts as far as the lag reaches beyond the track.
        first, stop = max(0, places[0] - reach), places[-1] + reach + 1
        for measured, values in joined.measured.items():
            near = values[first:stop]
            for feature, found in features.items():
                series = _spread(found, places - first, len(near))
                yield Comparison(measured, feature, track, lagged_correlations(near, series, reach, config.min_samples))


def write_comparisons(path: str | Path, comparisons: Iterable[Comparison], fps: float) -> None:
    """Write a line per comparison as tab-separated text: the strongest correlation, its lag and number of frames.

    The lag with the strongest correlation is the one with the largest absolute value; `nan` where none can be told.
    """
    write_tsv(path, COLUMNS, (_fields(comparison, fps) for comparison in comparisons))


def _fields(comparison: Comparison, fps: float) -> list[str]:
    lags, values, samples = comparison.correlations
    best, middle = comparison.correlations.best, len(lags) // 2
    names = [_plain(name) for name in (comparison.measured, comparison.feature, comparison.track)]
    strongest = ["nan", "nan", "0"]
    if best is not None:
        strongest = [f"{lags[best] / fps:.6g}", f"{values[best]:.6g}", f"{samples[best]}"]
    return [*names, *strongest, f"{values[middle]:.6g}", f"{samples[middle]}"]


def _plain(name: str) -> str:
    return " ".join(name.split())


def _spread(values: Array, places: Array, frames: int) -> Array:
    series = np.full(frames, np.nan)
    series[places] = values
    return series
