"""How near the middles of two poses are."""

import warnings

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.found import Shapes
from antpipe.tracking.registry import SIMILARITIES, Setup


@SIMILARITIES.register("centroid")
def centroid(candidates: Shapes, instances: Shapes, setup: Setup) -> Array:
    """Return minus the distance in pixels between the medians of the visible nodes, as SLEAP."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        before, now = (np.nanmedian(shapes.points, axis=1) for shapes in (candidates, instances))
    return -np.linalg.norm(before[:, None] - now[None], axis=-1)
