"""How many other animals an animal touches."""

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.features.registry import FEATURES, Feature
from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton


@FEATURES.register("contacts")
def plan_contacts(config: FeaturesConfig, skeleton: Skeleton) -> Feature:
    """Count the other animals of the frame that are near, node to node; NaN for an instance without visible nodes."""
    within = config.contact_pixels
    return Feature(
        columns={"contacts": ("animals", f"others with a node within {within:g} pixels of the raw video")},
        compute=lambda poses: _touched(poses, within)[:, None],
    )


def _touched(poses: Poses, within: float) -> Array:
    """Return the number (rows,) of other instances of the frame with a node nearer than `within` to one's own."""
    # Imported here: the plan of features is made when the Snakefile is parsed, and needs none of it.
    from scipy.spatial import KDTree

    row, node = np.nonzero(~np.isnan(poses.points).any(axis=-1))
    counts = np.where(np.isin(np.arange(len(poses)), row), 0.0, np.nan)
    if not len(row):
        return counts
    # Frames lie farther apart than animals that touch, so that one tree serves all frames.
    spread = np.column_stack([poses.points[row, node], poses.frame_idx[row] * (2.0 * within)])
    pairs = row[KDTree(spread).query_pairs(within, output_type="ndarray")]
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return counts + np.bincount(pairs.ravel(), minlength=len(poses))
