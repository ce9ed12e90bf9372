"""Class maps from points: at each place, which animal a point there belongs to."""

from typing import Any

from keras import ops

from antpipe.targets.confidence_maps import confidence_maps

NEAR = 0.2
"""A cell belongs to the animals whose Gaussians are higher than this there (SLEAP's threshold)."""


def class_maps(points: Any, numbers: Any, classes: int, rows: int, columns: int, sigma: float) -> tuple[Any, Any]:
    """Return how much of each cell belongs to each class, and which cells belong to a known one.

    An animal's share of a cell is the highest Gaussian around its points over the sum of those of all animals, and 0
    where it is no higher than NEAR. Where two animals of one class meet, the larger share counts. So SLEAP does it.

    Args:
        points: (batch, instances, nodes, 2) x and y in cells of the map; NaN where not visible.
        numbers: (batch, instances) the class of each instance, -1 where it is not known.
        classes: number of classes.
        rows: height of the maps in cells.
        columns: width of the maps in cells.
        sigma: standard deviation of the Gaussians in cells.

    Returns:
        (batch, rows, columns, classes) from 0 to 1, and (batch, rows, columns) 1 where a known animal is near, else 0.
    """
    instances = points.shape[1]
    heights = [_heights(points[:, i : i + 1], rows, columns, sigma) for i in range(instances)]
    total = ops.maximum(sum(heights), 1e-12)
    shares = ops.zeros((1, 1, 1, classes))
    for number, height in enumerate(heights):
        # Class -1 is one-hot nowhere.
        is_class = ops.one_hot(ops.cast(numbers[:, number], "int32"), classes)[:, None, None]
        share = ops.where(height > NEAR, height / total, 0.0)
        shares = ops.maximum(shares, share[..., None] * is_class)
    return shares, ops.cast(ops.any(shares > 0, axis=-1), "float32")


def _heights(points: Any, rows: int, columns: int, sigma: float) -> Any:
    return ops.max(confidence_maps(points, rows, columns, sigma), axis=-1)
