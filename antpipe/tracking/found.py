"""What was found in each frame, with all that methods need, worked out for a whole table at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.poses import Poses


class Shapes(NamedTuple):
    """Poses to compare."""

    points: Array
    """(poses, nodes, 2) pixels; NaN is not visible."""
    point_scores: Array
    """(poses, nodes)"""


class Found(NamedTuple):
    """The instances of one frame; each has a visible node."""

    frame_idx: int
    points: Array
    """(instances, nodes, 2) float64 pixels; NaN is not visible."""
    point_scores: Array
    """(instances, nodes) 1 where there is none."""
    score: Array
    """(instances,) infinite where there is none, as for those that a person has drawn."""
    size: Array
    """(instances,) diagonal of the box around the visible nodes, in pixels."""
    visible: Array
    """(instances,) visible nodes."""
    known: Array | None
    """(instances,) the named animal that each is, -1 for those to be linked; None where all are."""
    complete: bool
    """Whether every node of every instance is visible."""
    least_score: float
    """Lowest of the scores."""
    mean_score: float
    """Of those that have one; NaN where none has."""
    mean_size: float
    """Of those with a size; NaN where none has."""

    @property
    def shapes(self) -> Shapes:
        """The poses alone."""
        return Shapes(self.points, self.point_scores)


def by_frame(poses: Poses, known: Array, kept: Array) -> Iterator[tuple[Array, Found]]:
    """Yield the rows of each frame of a table and what was found in them.

    Args:
        poses: sorted by frame.
        known: (rows,) the named animal that each is, -1 for none.
        kept: (rows,) rows to look at. Those without a visible node, and frames without any row, are left out.
    """
    hidden = np.asarray(~np.isfinite(poses.points).all(axis=-1))
    rows = np.flatnonzero(kept & ~hidden.all(axis=1))
    if not len(rows):
        return
    known, frame_idx, score = known[rows], poses.frame_idx[rows], poses.instance_score[rows].astype(np.float64)
    points = np.where(hidden[rows, :, None], np.nan, poses.points[rows].astype(np.float64))
    point_scores = np.nan_to_num(poses.point_scores[rows], nan=1)
    boxes = bounding_boxes(points)
    size = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    visible = (~hidden[rows]).sum(axis=1)
    scored = ~np.isnan(score)
    score = np.where(scored, score, np.inf)
    starts = np.flatnonzero(np.diff(frame_idx, prepend=-1))
    per_frame = zip(
        starts.tolist(),
        [*starts[1:].tolist(), len(rows)],
        frame_idx[starts].tolist(),
        (np.maximum.reduceat(known, starts) >= 0).tolist(),
        (np.minimum.reduceat(visible, starts) == points.shape[1]).tolist(),
        np.minimum.reduceat(score, starts).tolist(),
        _means(score, scored, starts),
        _means(size, size > 0, starts),
        strict=True,
    )
    for start, stop, frame, named, *of_frame in per_frame:
        part = slice(start, stop)
        of_rows = points[part], point_scores[part], score[part], size[part], visible[part]
        yield rows[part], Found(frame, *of_rows, known[part] if named else None, *of_frame)


def _means(values: Array, counted: Array, starts: Array) -> list[float]:
    """Return the mean of the values that count, per frame; NaN where none does."""
    sums = np.add.reduceat(np.where(counted, values, 0), starts)
    counts = np.add.reduceat(counted.astype(np.int64), starts)
    means: list[float] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).tolist()
    return means
