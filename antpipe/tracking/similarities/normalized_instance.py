"""SLEAP's default similarity in parts of the picture."""

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.found import Shapes
from antpipe.tracking.registry import SIMILARITIES, Setup


@SIMILARITIES.register("normalized_instance")
def normalized_instance(candidates: Shapes, instances: Shapes, setup: Setup) -> Array:
    """Return `instance` of coordinates divided by the width and the height of the picture, as SLEAP 1.4."""
    size = np.maximum([setup.width, setup.height], 1)
    before, now = (Shapes(shapes.points / size, shapes.point_scores) for shapes in (candidates, instances))
    return SIMILARITIES["instance"](before, now, setup)
