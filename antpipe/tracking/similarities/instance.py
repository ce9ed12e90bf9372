"""SLEAP's default similarity."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.compare import squared_distances, visible
from antpipe.tracking.found import Shapes
from antpipe.tracking.registry import SIMILARITIES, Setup


@SIMILARITIES.register("instance")
def instance(candidates: Shapes, instances: Shapes, setup: Setup) -> Array:
    """Return the mean of exp(-d^2) over the nodes of each candidate, d in pixels, as SLEAP 1.3.

    Blind to scale: nodes that move by 6 px count e^-36, and from 27 px on nothing. SLEAP then goes by the order of the
    instances; here such ties go to the nearest pose.
    """
    alike = np.nansum(np.exp(-squared_distances(candidates.points, instances.points)), axis=-1)
    return alike / np.maximum(visible(candidates.points).sum(axis=-1), 1)[:, None]
