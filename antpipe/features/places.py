"""The point that stands for an animal's place."""

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.features.skeleton import ANT_CENTRE, is_ant, node_indices
from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton


def centre_node(config: FeaturesConfig, skeleton: Skeleton) -> int | None:
    """Return the index of the node at the animal's place; None for the median of the visible nodes."""
    name = config.centre or (ANT_CENTRE if is_ant(skeleton) else None)
    return None if name is None else node_indices(skeleton, [name], "centre")[0]


def centre_name(node: int | None, skeleton: Skeleton) -> str:
    """Return what stands for the animal's place, in words."""
    return "the median of the visible nodes" if node is None else skeleton.nodes[node]


def centres(poses: Poses, node: int | None) -> Array:
    """Return the places (rows, 2) of the animals; NaN where the node, or every one, is not visible."""
    if node is not None:
        return poses.points[:, node]
    places = np.full((len(poses), 2), np.nan)
    seen = ~np.isnan(poses.points).all(axis=(1, 2))
    places[seen] = np.nanmedian(poses.points[seen], axis=1)
    return places
