"""Animals that are known by name, because the model that found them tells them apart."""

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo


def named_animals(info: PosesInfo) -> tuple[str, ...]:
    """Return the names; none for models that do not tell animals apart."""
    return tuple(info.provenance.get("prediction", {}).get("classes", ()))


def known_animals(poses: Poses) -> Array:
    """Return the number of the named animal (rows,) that each row is, -1 for none.

    Where a name is on two instances of a frame, it is that of the one with the higher score; the other has none.
    """
    known = np.full(len(poses), -1)
    names = named_animals(poses.info)
    if names:
        number = {name: i for i, name in enumerate(names)}
        known[:] = [number.get(name, -1) for name in poses.track]
        order = np.lexsort((-np.nan_to_num(poses.tracking_score), known, poses.frame_idx))
        again = (np.diff(known[order]) == 0) & (np.diff(poses.frame_idx[order]) == 0)
        known[order[1:][again]] = -1
    return known
