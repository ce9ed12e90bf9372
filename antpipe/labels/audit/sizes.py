"""How large the animals of each video are, the unit in which distances between labels compare."""

import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.labels.audit.spread import median


def animal_sizes(points: Array, group: Array) -> Array:
    """Return the usual size (rows,) of the animals in each instance's group, in pixels.

    It is the median over the group of the longest side of the box around the visible points, of instances with at
    least half of their nodes. NaN where a group has none, and where all animals have only one node.

    Args:
        points: (rows, nodes, 2), NaN where not visible.
        group: (rows,) which instances belong together, such as those of one video.
    """
    boxes = bounding_boxes(points)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=-np.inf)
    whole = (~np.isnan(points[..., 0])).mean(axis=1) >= 0.5
    return group_medians(np.where(whole & (sides > 0), sides, np.nan), group)


def group_medians(values: Array, group: Array) -> Array:
    """Return for each row the median of its group, of what is not NaN."""
    result = np.full(len(values), np.nan)
    for number in np.unique(group):
        rows = group == number
        result[rows] = median(values[rows], axis=None)
    return result
