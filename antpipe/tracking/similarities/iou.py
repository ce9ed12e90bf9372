"""How much the boxes of two poses overlap."""

import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.tracking.compare import overlaps
from antpipe.tracking.found import Shapes
from antpipe.tracking.registry import SIMILARITIES, Setup


@SIMILARITIES.register("iou")
def iou(candidates: Shapes, instances: Shapes, setup: Setup) -> Array:
    """Return the intersection over union of the boxes around the visible nodes, counted in whole pixels as in SLEAP.

    Boxes that do not touch are all alike (0); such ties go to the nearest pose.
    """
    # A box from pixel 3 to pixel 5 is three pixels wide, so a pose of one node still has an area.
    wide = np.array([0, 0, 1, 1])
    return overlaps(bounding_boxes(candidates.points) + wide, bounding_boxes(instances.points) + wide)
