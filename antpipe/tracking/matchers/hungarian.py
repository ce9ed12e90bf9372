"""The assignment that is best for all together."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.geometry import Array
from antpipe.tracking.registry import MATCHERS


@MATCHERS.register("hungarian")
def hungarian(gain: Array) -> tuple[Array, Array]:
    """Return the pairs with the greatest sum of gains.

    Kuhn-Munkres, by scipy. SLEAP's fails with an error where a row has no finite cost; here it stays alone.
    """
    worth = gain > 0
    rows, columns = np.flatnonzero(worth.any(axis=1)), np.flatnonzero(worth.any(axis=0))
    # Rows and columns that nothing can be paired with only cost time.
    part = gain[np.ix_(rows, columns)]
    r, c = linear_sum_assignment(np.where(part > 0, part, 0), maximize=True)
    made = part[r, c] > 0
    return rows[r[made]], columns[c[made]]
