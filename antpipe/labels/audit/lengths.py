"""Edge lengths against what is usual for an animal of the same size."""

from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.sizes import group_medians
from antpipe.labels.audit.spread import CLICK_ERROR, median, side_scores, spread

OWN_EDGES = 4
"""An instance with fewer visible edges is taken to have the usual size of its video."""
_SOFTEST = 0.02
"""Added to the spread of an edge before it is turned into a weight, so that no single edge decides."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The edges of all instances; arrays are (rows, edges) with NaN where an end is not visible."""

    px: Array
    expected: Array
    """Pixels: the usual length of this edge in an animal as large as this one."""
    deviation: Array
    """ln(px / expected) where longer, px / expected - 1 where shorter."""
    score: Array
    """`deviation` in robust standard deviations; NaN also where too few were measured to tell."""
    scale: Array
    """(rows,) ln of the animal's size over that of the median animal, from its own edges; NaN where too few show."""


def measure_lengths(points: Array, edges: Array, video: Array, size: Array) -> Lengths:
    """Compare each edge with the same edge of the other instances.

    First the size of each animal is found: the weighted median, over its edges, of ln(length / median length); edges
    that vary little in proportion weigh more, so that the stiff trunk decides and not the folding legs. A single
    wrong edge cannot move it. The expected length follows the animal's size; what is left over is the deviation.

    Lengthening counts by its logarithm, shortening by the missing part: an edge that points at the camera may shrink
    to nothing in a right label, which a logarithm would make endlessly bad.

    Args:
        points: (rows, nodes, 2) pixels, NaN where not visible.
        edges: (edges, 2) node indices.
        video: (rows,) which instances were filmed together.
        size: (rows,) usual size of the animals in that video in pixels, NaN where unknown.
    """
    px = np.linalg.norm(points[:, edges[:, 0]] - points[:, edges[:, 1]], axis=-1)
    log = np.log(np.maximum(px, 1e-3))
    relative = log - median(log)
    rough = median(relative, axis=1)
    weights = 1 / (spread(relative - rough[:, None]) + _SOFTEST)
    own = _weighted_median(relative, np.nan_to_num(weights))
    known = (~np.isnan(px)).sum(axis=1) >= OWN_EDGES
    scale = np.where(known, own, group_medians(np.where(known, own, np.nan), video))
    scale = np.where(np.isnan(scale), group_medians(own, video), scale)
    expected = np.exp(median(log - scale[:, None]) + scale[:, None])
    ratio = px / expected
    deviation = np.where(ratio < 1, ratio - 1, np.log(np.maximum(ratio, 1)))
    click = np.nan_to_num(CLICK_ERROR * size)[:, None] / expected
    return Lengths(
        px=px,
        expected=np.where(np.isnan(px), np.nan, expected),
        deviation=deviation,
        score=side_scores(deviation, click),
        scale=np.where(known, own, np.nan),
    )


def _weighted_median(values: Array, weights: Array) -> Array:
    """Return the weighted median of each row of (rows, columns), of what is not NaN; NaN in empty rows."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    heap = np.where(np.isnan(ranked), 0, weights[order]).cumsum(axis=1)
    middle = (heap < heap[:, -1:] / 2).sum(axis=1)
    return np.take_along_axis(ranked, middle[:, None], axis=1)[:, 0]
