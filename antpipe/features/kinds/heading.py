"""Heading."""

from antpipe.config.features import FeaturesConfig
from antpipe.features.axis import axis_headings, axis_nodes
from antpipe.features.registry import FEATURES, Feature, nothing
from antpipe.poses import Skeleton


@FEATURES.register("heading")
def plan_heading(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure the direction of the body's axis in the picture."""
    axis = axis_nodes(config, skeleton)
    if axis is None:
        return nothing()
    rear, front = (skeleton.nodes[node] for node in axis)
    return Feature(
        columns={"heading": ("deg", f"direction from {rear} to {front}; 0 along x (right), 90 along y (down)")},
        compute=lambda poses: axis_headings(poses, axis)[:, None],
    )
