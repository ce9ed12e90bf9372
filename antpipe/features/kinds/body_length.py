"""Body length."""

from antpipe.config.features import FeaturesConfig
from antpipe.features.lengths import length_unit, polyline_lengths
from antpipe.features.registry import FEATURES, Feature, nothing
from antpipe.features.skeleton import ANT_BODY, is_ant, node_indices
from antpipe.poses import Skeleton


@FEATURES.register("body_length")
def plan_body_length(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure the line through the body's nodes from front to rear, all of which must be visible."""
    body = config.body or (ANT_BODY if is_ant(skeleton) else ())
    if not body:
        return nothing()
    nodes = node_indices(skeleton, body, "body")
    unit, pixels = length_unit(config)
    return Feature(
        columns={"body_length": (unit, f"length of the line through {', '.join(body)} in the raw video")},
        compute=lambda poses: polyline_lengths(poses.points[:, [nodes]]) / pixels,
    )
