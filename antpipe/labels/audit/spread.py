"""Robust centre and spread, on which a few wrong labels have no say."""

import warnings

import numpy as np

from antpipe.geometry import Array

MIN_MEASURED = 20
"""Of fewer values nobody can tell what is usual."""
CLICK_ERROR = 0.01
"""How exactly a person places a point, in sizes of the animal: about 2 px on an ant of 200 px."""
TRUSTED = 0.9
"""So large a part of all labels is taken to be right."""
_TRUSTED_SD = 1.6449
"""Standard deviations of a normal distribution within which that part lies."""
_TO_SD = 1.4826
"""A normal distribution's standard deviation in median absolute deviations."""


def median(values: Array, axis: int | None = 0) -> Array:
    """Return the median of what is not NaN; NaN where nothing is left."""
    with warnings.catch_warnings():
        # NumPy warns of a median of nothing, but NaN is the right answer here.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis))


def spread(values: Array) -> Array:
    """Return the robust standard deviation of each column of (rows, ...): the scaled median absolute deviation."""
    return _TO_SD * median(np.abs(values - median(values)))


def side_spreads(deviations: Array) -> tuple[Array, Array]:
    """Return the robust standard deviations of each column below and above 0.

    Each is the larger of two: that of the nearer half of the deviations on its side, and that of the nearer
    nine tenths. So up to a tenth on a side may be wrong, and postures that are rare but right, such as a wing that
    is spread now and then, widen the spread instead of being flagged by the hundred.

    Lengths and angles seen in a picture are skewed: a leg that points at the camera looks short, and none looks
    long. One spread for both sides would call too many short legs unusual and miss long ones.
    """
    below, above = (_one_side(np.where(sign * deviations >= 0, sign * deviations, np.nan)) for sign in (-1, 1))
    return below, above


def _one_side(distances: Array) -> Array:
    if not distances.size:
        return np.full(distances.shape[1:], np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        near, far = np.nanquantile(distances, (0.5, TRUSTED), axis=0)
    return np.asarray(np.maximum(_TO_SD * near, far / _TRUSTED_SD))


def side_scores(deviations: Array, least: Array | float) -> Array:
    """Return deviations (rows, columns) in robust standard deviations of their own side.

    Columns with fewer than `MIN_MEASURED` values are NaN.

    Args:
        deviations: distances from the centre of each column, with sign; NaN where not measured.
        least: the part of the spread that comes from clicking alone, which is added: shape (), (columns,) or as
            `deviations`.
    """
    below, above = side_spreads(deviations)
    scores = deviations / np.hypot(np.where(deviations < 0, below, above), least)
    enough = (~np.isnan(deviations)).sum(axis=0) >= MIN_MEASURED
    return np.where(enough, scores, np.nan)
