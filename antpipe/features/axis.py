"""The line that says where an animal is heading."""

from antpipe.config.features import FeaturesConfig
from antpipe.features.directions import headings
from antpipe.features.skeleton import ANT_AXIS, is_ant, node_indices
from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton


def axis_nodes(config: FeaturesConfig, skeleton: Skeleton) -> tuple[int, int] | None:
    """Return the indices of the rear and the front node; None where the skeleton has none that are known."""
    axis = config.axis or (ANT_AXIS if is_ant(skeleton) else None)
    if axis is None:
        return None
    rear, front = node_indices(skeleton, axis, "axis")
    return rear, front


def axis_headings(poses: Poses, axis: tuple[int, int]) -> Array:
    """Return the directions (rows,) of the axis in degrees; see `headings`."""
    rear, front = axis
    return headings(poses.points[:, rear], poses.points[:, front])
