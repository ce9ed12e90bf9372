"""Distance to the nearest other animal."""

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.features.lengths import length_unit
from antpipe.features.places import centre_name, centre_node, centres
from antpipe.features.registry import FEATURES, Feature
from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton


@FEATURES.register("neighbour_distance")
def plan_neighbour_distance(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Measure the distance to the nearest other animal of the frame, tracked or not; NaN for one that is alone."""
    node = centre_node(config, skeleton)
    unit, pixels = length_unit(config)
    meaning = f"from {centre_name(node, skeleton)} to that of the nearest other animal in the raw video"
    return Feature(
        columns={"neighbour_distance": (unit, meaning)},
        compute=lambda poses: _nearest(poses, centres(poses, node))[:, None] / pixels,
    )


def _nearest(poses: Poses, places: Array) -> Array:
    """Return the distances (rows,) to the nearest other place of the same frame."""
    nearest = np.full(len(places), np.nan)
    seen = np.flatnonzero(~np.isnan(places).any(axis=1))
    if len(seen) < 2:
        return nearest
    # Imported here: the plan of features is made when the Snakefile is parsed, and needs none of it.
    from scipy.spatial import KDTree

    # With frames farther apart than any two places, one tree serves all frames.
    apart = 2 * (np.ptp(places[seen], axis=0).sum() + 1)
    spread = np.column_stack([places[seen], poses.frame_idx[seen] * apart])
    found = KDTree(spread).query(spread, k=2)[0][:, 1]
    nearest[seen] = np.where(found < apart, found, np.nan)
    return nearest
