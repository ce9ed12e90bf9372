"""Animals that were labelled twice in a frame, and points that were copied from another frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array

TOO_CLOSE = 0.1
"""Mean distance between the same nodes of two instances, in sizes of the animal, below which they are one animal.
The closest pair of different ants in the project's main data set, one on top of the other, has 0.26."""
ONE_POINT_PX = 1.0
"""The same in pixels where the animals have no size, as with a single node."""
COPIED_POINTS, COPIED_SHARE = 2, 0.5
"""So many exactly equal points, and so large a part of all nodes, are a copy: nobody clicks the same fraction of
a pixel again. A few alone may be feet that stand still, where a model or a simulation placed the points."""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """Two instances, as rows of a table, of which the later one is suspect."""

    row: int
    earlier: int
    value: float
    """Mean distance in pixels, or number of equal points."""
    limit: float
    """In the same unit."""


def find_duplicates(points: Array, frame: Array, size: Array, mirrored: Array) -> list[Twin]:
    """Return the pairs of instances of one frame that lie on each other.

    Compared are the nodes that both show, at least half of those of the instance that shows fewer; the second person
    may have taken left for right, so the mirrored one counts if it is closer.

    Args:
        points: (rows, nodes, 2) pixels, NaN where not visible.
        frame: (rows,) number of the frame.
        size: (rows,) usual size of the animals in pixels, NaN where unknown.
        mirrored: (nodes,) node indices after left and right change places.
    """
    limit = np.where(np.isnan(size), ONE_POINT_PX, TOO_CLOSE * size)
    found = []
    for rows in groups(frame):
        distance = np.fmin(
            mean_distances(points[rows], points[rows]), mean_distances(points[rows], points[rows][:, mirrored])
        )
        close = np.triu(np.fmin(distance, distance.T) < limit[rows], 1)
        for first, second in np.argwhere(close):
            found.append(
                Twin(
                    row=int(rows[second]),
                    earlier=int(rows[first]),
                    value=float(np.fmin(distance[first, second], distance[second, first])),
                    limit=float(limit[rows[second]]),
                )
            )
    return found


def find_copies(points: Array, frame: Array, video: Array) -> list[Twin]:
    """Return the instances that share points, to the last bit, with an instance of an earlier row and another frame.

    Points with whole-number coordinates are left out: they may meet by chance. Each instance is named once, with the
    one it shares most points with.

    Args:
        points: (rows, nodes, 2) pixels, NaN where not visible.
        frame: (rows,) number of the frame.
        video: (rows,) number of the video.
    """
    rows, nodes = np.nonzero(~np.isnan(points).any(axis=-1) & (points % 1 != 0).any(axis=-1))
    places = points[rows, nodes]
    order = np.lexsort([rows, nodes, video[rows], places[:, 1], places[:, 0]])
    keys = np.column_stack([places, nodes, video[rows]])[order]
    equal = (keys[1:] == keys[:-1]).all(axis=1)
    earlier, later = rows[order[:-1]][equal], rows[order[1:]][equal]
    apart = frame[earlier] != frame[later]
    pairs, count = np.unique(np.column_stack([earlier, later])[apart], axis=0, return_counts=True)
    enough = max(COPIED_POINTS, COPIED_SHARE * points.shape[1])
    best: dict[int, Twin] = {}
    for (first, second), shared in zip(pairs.tolist(), count.tolist(), strict=True):
        if shared >= enough and (second not in best or shared > best[second].value):
            best[second] = Twin(row=second, earlier=first, value=shared, limit=0)
    return list(best.values())


def mean_distances(first: Array, second: Array) -> Array:
    """Return the mean distance (n, m) between the same nodes of instances (n, nodes, 2) and (m, nodes, 2).

    NaN where they share fewer than half of the visible nodes of the one that shows fewer.
    """
    # Axis by axis: a reduction over two values each is slow.
    x, y = (first[:, None, :, axis] - second[None, :, :, axis] for axis in (0, 1))
    distance = np.sqrt(x * x + y * y)
    known = ~np.isnan(distance)
    shared = known.sum(axis=-1)
    seen = [(~np.isnan(p[..., 0])).sum(axis=-1) for p in (first, second)]
    fewer = np.minimum(seen[0][:, None], seen[1][None])
    enough = (shared > 0) & (2 * shared >= fewer)
    return np.where(enough, np.where(known, distance, 0).sum(axis=-1) / np.maximum(shared, 1), np.nan)


def groups(keys: Array) -> Iterator[Array]:
    """Yield the indices of equal keys, for each key in rising order."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    if len(order):
        yield from np.split(order, starts)
