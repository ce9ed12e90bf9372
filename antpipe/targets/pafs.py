"""Part affinity fields from points, on any Keras backend, so that losses draw their own targets."""

from collections.abc import Sequence
from typing import Any

from keras import ops


def pafs(points: Any, edges: Sequence[tuple[int, int]], rows: int, columns: int, stride: int, sigma: float) -> Any:
    """Return per edge and cell the direction from its one node to the other, near the line between them.

    The direction is a unit vector (Cao et al. 2017). Its weight is SLEAP's, exp(-D^4 / (2 sigma^2)) at D pixels from
    the line: 1 on it, and wider and steeper than a Gaussian. Where the lines of several instances are near, the sum, as
    in SLEAP. An edge with a node that is not visible gives zeros, and so does one without length.

    Args:
        points: (batch, instances, nodes, 2) x and y in pixels of the input; NaN where not visible.
        edges: pairs of nodes, from and to.
        rows: height of the fields in cells.
        columns: width of the fields in cells.
        stride: pixels of the input per cell.
        sigma: width in square pixels.

    Returns:
        (batch, rows, columns, 2 * edges): x and y of each edge in turn.
    """
    sources, targets = ([edge[end] for edge in edges] for end in (0, 1))
    x = (ops.arange(columns, dtype="float32") * stride)[None, None, :, None]
    y = (ops.arange(rows, dtype="float32") * stride)[None, :, None, None]
    total = None
    # One instance after the other: all at once would need the memory of all their fields.
    for instance in range(points.shape[1]):
        own = points[:, instance]
        field = _field(ops.take(own, sources, axis=1), ops.take(own, targets, axis=1), x, y, sigma)
        total = field if total is None else total + field
    return ops.reshape(total, (-1, rows, columns, 2 * len(edges)))


def _field(source: Any, target: Any, x: Any, y: Any, sigma: float) -> Any:
    """Return the field (batch, rows, columns, edges, 2) of one instance, from the ends (batch, edges, 2) of edges."""
    missing = ops.any(ops.isnan(source) | ops.isnan(target), axis=-1, keepdims=True)
    source, target = (ops.where(missing, 0.0, end)[:, None, None] for end in (source, target))
    way = target - source  # of length 0 where a node is missing, so that the direction is 0 as well
    squared = ops.sum(way**2, axis=-1)
    to_x, to_y = x - source[..., 0], y - source[..., 1]
    # As in SLEAP, an edge shorter than a pixel counts as one of a pixel here.
    along = ops.clip((to_x * way[..., 0] + to_y * way[..., 1]) / ops.maximum(squared, 1.0), 0.0, 1.0)
    distance = (to_x - along * way[..., 0]) ** 2 + (to_y - along * way[..., 1]) ** 2
    weight = ops.exp(-(distance**2) / (2 * sigma**2))
    direction = way / ops.sqrt(ops.maximum(squared, 1e-12))[..., None]
    return weight[..., None] * direction
