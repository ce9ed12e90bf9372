"""Confidence maps from points, on any Keras backend, so that losses draw their own targets."""

from typing import Any

from keras import ops


def confidence_maps(points: Any, rows: int, columns: int, sigma: float) -> Any:
    """Return per node and cell the highest of the Gaussians of height 1 around all instances' points.

    Args:
        points: (batch, instances, nodes, 2) x and y in cells of the map; NaN where not visible.
        rows: height of the maps in cells.
        columns: width of the maps in cells.
        sigma: standard deviation in cells.

    Returns:
        (batch, rows, columns, nodes); zeros for a node that is not visible.
    """
    across, down = profiles(points, rows, columns, sigma)
    # One instance after the other: all at once would need the memory of all their maps.
    maps = _outer(down[:, 0], across[:, 0])
    for instance in range(1, points.shape[1]):
        maps = ops.maximum(maps, _outer(down[:, instance], across[:, instance]))
    return maps


def profiles(points: Any, rows: int, columns: int, sigma: float) -> tuple[Any, Any]:
    """Return the Gaussians around points (..., 2) along x, as (..., columns), and along y, as (..., rows).

    Their product is the Gaussian in the plane; along x they are 0 for points that are not visible.
    """
    missing = ops.any(ops.isnan(points), axis=-1, keepdims=True)
    at = ops.where(missing, ops.zeros_like(points), points)
    x = ops.arange(columns, dtype="float32") - at[..., 0:1]
    y = ops.arange(rows, dtype="float32") - at[..., 1:2]
    visible = ops.cast(ops.logical_not(missing), "float32")
    return ops.exp(-(x**2) / (2 * sigma**2)) * visible, ops.exp(-(y**2) / (2 * sigma**2))


def _outer(down: Any, across: Any) -> Any:
    return ops.einsum("bnr,bnc->brcn", down, across)
