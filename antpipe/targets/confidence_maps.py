"""Confidence maps from points, on any Keras backend, so that losses draw their own targets."""

from typing import Any

from keras import ops


def confidence_maps(points: Any, rows: int, columns: int, sigma: float) -> Any:
    """Return a Gaussian of height 1 around each point, as (batch, rows, columns, nodes).

    Args:
        points: (batch, nodes, 2) x and y in cells of the map; NaN gives a map of zeros.
        rows: height of the maps in cells.
        columns: width of the maps in cells.
        sigma: standard deviation in cells.
    """
    across, down = _profiles(points, rows, columns, sigma)
    return ops.einsum("bnr,bnc->brcn", down, across)


def joint_confidence_map(points: Any, rows: int, columns: int, sigma: float) -> Any:
    """Return one map (batch, rows, columns, 1): per cell the highest of the Gaussians around points (batch, n, 2)."""
    across, down = _profiles(points, rows, columns, sigma)
    return ops.max(down[..., :, None] * across[..., None, :], axis=1)[..., None]


def _profiles(points: Any, rows: int, columns: int, sigma: float) -> tuple[Any, Any]:
    """Return the Gaussians along x (batch, n, columns) and along y (batch, n, rows)."""
    missing = ops.any(ops.isnan(points), axis=-1, keepdims=True)
    at = ops.where(missing, ops.zeros_like(points), points)
    x = ops.arange(columns, dtype="float32") - at[..., 0:1]
    y = ops.arange(rows, dtype="float32") - at[..., 1:2]
    visible = ops.cast(ops.logical_not(missing), "float32")
    return ops.exp(-(x**2) / (2 * sigma**2)) * visible, ops.exp(-(y**2) / (2 * sigma**2))
