"""Lengths of single segments."""

from antpipe.config.features import FeaturesConfig
from antpipe.features.lengths import length_unit, polyline_lengths
from antpipe.features.registry import FEATURES, Feature, nothing
from antpipe.features.skeleton import node_indices
from antpipe.poses import Skeleton


@FEATURES.register("segments")
def plan_segments(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure the distance between two nodes, for each pair."""
    edges = {f"{first}-{second}": (first, second) for first, second in skeleton.edges}
    segments = edges if config.segments is None else config.segments
    if not segments:
        return nothing()
    nodes = [node_indices(skeleton, pair, f"segments.{name}") for name, pair in segments.items()]
    unit, pixels = length_unit(config)
    return Feature(
        columns={
            f"segment.{name}": (unit, f"distance from {first} to {second} in the raw video")
            for name, (first, second) in segments.items()
        },
        compute=lambda poses: polyline_lengths(poses.points[:, nodes]) / pixels,
    )
