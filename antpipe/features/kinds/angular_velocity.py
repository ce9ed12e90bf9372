"""How fast animals turn."""

from antpipe.config.features import FeaturesConfig
from antpipe.features.axis import axis_headings, axis_nodes
from antpipe.features.registry import FEATURES, Feature, nothing
from antpipe.features.tracks import rates, reach, unwrapped
from antpipe.poses import Skeleton


@FEATURES.register("angular_velocity")
def plan_angular_velocity(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure how fast the heading changes, smoothed along each track; see `rates` for gaps."""
    axis = axis_nodes(config, skeleton)
    if axis is None:
        return nothing()
    return Feature(
        columns={"angular_velocity": ("deg/s", "change of the heading; positive from x to y, which looks clockwise")},
        compute=lambda poses: rates(poses, unwrapped(poses, axis_headings(poses, axis))[:, None], config),
        reach=reach(config),
    )
