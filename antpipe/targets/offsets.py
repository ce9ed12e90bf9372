"""Offsets from the middle of a cell to the point near it, as targets of SLEAP's refinement head."""

from typing import Any

from keras import ops

from antpipe.targets.confidence_maps import confidence_maps

NEAR = 0.2
"""Cells in which the Gaussian around a point is higher than this learn the way to it (SLEAP's threshold)."""


def offsets(points: Any, rows: int, columns: int, sigma: float) -> Any:
    """Return the way from each cell to the points near it, in cells, as (batch, rows, columns, 2 * nodes).

    x and y of each node in turn; 0 away from all points. Where points of several instances are near, the sum, as in
    SLEAP. Arguments as for `confidence_maps`.
    """
    total = None
    for instance in range(points.shape[1]):
        own = points[:, instance : instance + 1]
        near = ops.cast(confidence_maps(own, rows, columns, sigma) > NEAR, "float32")
        at = ops.where(ops.isnan(own[:, 0]), 0.0, own[:, 0])[:, None, None]
        x = (at[..., 0] - ops.arange(columns, dtype="float32")[None, None, :, None]) * near
        y = (at[..., 1] - ops.arange(rows, dtype="float32")[None, :, None, None]) * near
        way = ops.stack([x, y], axis=-1)
        total = way if total is None else total + way
    return ops.reshape(total, (-1, rows, columns, 2 * points.shape[2]))
