"""Size and shape of animals, which tell them apart in the long run."""

import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.poses import Skeleton
from antpipe.tracking.stitch_motion import middles
from antpipe.tracking.stitch_rows import Rows
from antpipe.tracking.tracklets import Measure

FARTHEST = 4.0
"""A length so many spreads (1.48 median deviations) off the usual one counts as no farther off: a misplaced node."""


def shape_measure(skeleton: Skeleton, poses: Array) -> Measure | None:
    """Return a measure of lengths: logarithms, relative to what is usual in `poses`; None for a single node.

    They are those of all edges, or without edges of all nodes from the middle, and of the diagonal of the box.
    """
    if len(skeleton.nodes) < 2:
        return None
    edges = np.array(skeleton.edge_indices(), np.int64).reshape(-1, 2)
    known = log_lengths(poses, edges)
    usual = _medians(known)
    limit = FARTHEST * 1.48 * _medians(np.abs(known - usual)) + 1e-6

    def look(rows: Rows) -> Array:
        return np.asarray((log_lengths(rows.points, edges) - usual).clip(-limit, limit))

    return Measure(look=look, features=known.shape[1])


def log_lengths(points: Array, edges: Array) -> Array:
    """Return the logarithms of lengths (poses, features) in pixels; NaN for one that cannot be seen or is 0."""
    start, stop = (points[:, edges[:, end]] for end in (0, 1)) if len(edges) else (points, middles(points)[:, None])
    along = start - stop
    boxes = bounding_boxes(points)
    lengths = np.column_stack([np.hypot(along[..., 0], along[..., 1]), np.hypot(*(boxes[:, 2:] - boxes[:, :2]).T)])
    return np.log(np.where(lengths > 0, lengths, np.nan))


def _medians(values: Array) -> Array:
    """Return the medians (columns,) of values (rows, columns) without NaN; 0 for a column without a value."""
    return np.array([np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in values.T])
