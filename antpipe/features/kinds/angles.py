"""Joint angles."""

from antpipe.config.features import FeaturesConfig
from antpipe.features.directions import joint_angles
from antpipe.features.registry import FEATURES, Feature, nothing
from antpipe.features.skeleton import ANT_ANGLES, is_ant, node_indices
from antpipe.poses import Skeleton


@FEATURES.register("angles")
def plan_angles(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure the angle at the middle node of each triple, from 0 to 180 degrees."""
    angles = config.angles if config.angles is not None else ANT_ANGLES if is_ant(skeleton) else {}
    if not angles:
        return nothing()
    nodes = [node_indices(skeleton, triple, f"angles.{name}") for name, triple in angles.items()]
    return Feature(
        columns={
            f"angle.{name}": ("deg", f"angle at {middle} between {first} and {last}; 180 is straight")
            for name, (first, middle, last) in angles.items()
        },
        compute=lambda poses: joint_angles(poses.points[:, nodes]),
    )
