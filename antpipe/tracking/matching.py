"""Who goes with whom."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.registry import Matcher


def pair(gain: Array, matcher: Matcher) -> tuple[Array, Array]:
    """Return rows and columns (pairs,) of a matrix of gains without NaN; what is not above 0 is never paired.

    Where the best rows of all columns differ, which is so in most frames of most videos, they are the answer of every
    matcher, and none is asked.
    """
    if not gain.size:
        return np.zeros(0, int), np.zeros(0, int)
    rows, columns = gain.argmax(axis=0), np.arange(gain.shape[1])
    worth = gain[rows, columns] > 0
    if not worth.all():
        rows, columns = rows[worth], columns[worth]
    return (rows, columns) if len(set(rows.tolist())) == len(rows) else matcher(gain)
