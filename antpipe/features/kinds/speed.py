"""How fast animals move."""

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.features.lengths import length_unit
from antpipe.features.places import centre_name, centre_node, centres
from antpipe.features.registry import FEATURES, Feature
from antpipe.features.tracks import rates, reach
from antpipe.poses import Skeleton


@FEATURES.register("speed")
def plan_speed(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure the speed of the animal's place, smoothed along each track; see `rates` for gaps."""
    node = centre_node(config, skeleton)
    unit, pixels = length_unit(config)
    return Feature(
        columns={"speed": (f"{unit}/s", f"speed of {centre_name(node, skeleton)} in the raw video")},
        compute=lambda poses: np.hypot(*rates(poses, centres(poses, node), config).T)[:, None] / pixels,
        reach=reach(config),
    )
