"""Which instances of a frame to leave out."""

import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.tracking.compare import overlaps


def best(points: Array, score: Array, *, count: int | None, overlap: float | None) -> Array:
    """Return which instances (instances,) of a frame to keep.

    Going from the best score down, an instance is left out if its box overlaps that of one that is kept by more than
    `overlap` (intersection over union; SLEAP divides by the area of one of them). With a `count`, overlaps leave out no
    more than is needed to come down to it (SLEAP means to do so, but then brings back none), and then the lowest scores
    are left out. Instances without a score, which a person has drawn, come first.

    Args:
        points: (instances, nodes, 2) pixels.
        score: (instances,)
        count: most instances to keep; None for no limit.
        overlap: most overlap to keep; None for no limit.
    """
    order = np.argsort(-np.nan_to_num(score, nan=np.inf), kind="stable")
    kept = np.ones(len(points), bool)
    if overlap is not None and (count is None or len(points) > count):
        boxes = bounding_boxes(points)
        too_near = overlaps(boxes, boxes) > overlap
        for place, row in enumerate(order):
            before = order[:place]
            kept[row] = not (too_near[row, before] & kept[before]).any()
        if count is not None:
            kept[order[~kept[order]][: max(count - int(kept.sum()), 0)]] = True
    if count is not None:
        kept[order[kept[order]][count:]] = False
    return kept
