"""The best pair first."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.registry import MATCHERS


@MATCHERS.register("greedy")
def greedy(gain: Array) -> tuple[Array, Array]:
    """Return the pairs found by taking the greatest gain, then the greatest among what is left, and so on.

    Of equal gains the first row, then the first column counts.
    """
    rows, columns = np.nonzero(gain > 0)
    best_first = np.argsort(-gain[rows, columns], kind="stable")
    free_rows, free_columns = np.ones(gain.shape[0], bool), np.ones(gain.shape[1], bool)
    pairs = []
    for r, c in zip(rows[best_first].tolist(), columns[best_first].tolist(), strict=True):
        if free_rows[r] and free_columns[c]:
            free_rows[r] = free_columns[c] = False
            pairs.append((r, c))
    made = np.array(pairs, int).reshape(-1, 2)
    return made[:, 0], made[:, 1]
