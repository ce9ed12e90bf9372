"""The skeleton of an ant, and the pose statistics of real weaver ants.

Lengths are in body lengths (the polyline Head, Neck, UpperThorax, LowerThorax, Petiole, Abdomen). Body coordinates
have their origin in the middle of the thorax, x forward along the thorax, and y to the animal's right.
"""

import itertools

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Skeleton

BODY = ("Head", "Neck", "UpperThorax", "LowerThorax", "Petiole", "Abdomen")
HEAD, NECK, UPPER_THORAX, LOWER_THORAX, PETIOLE, ABDOMEN = range(6)

LEGS = ("LFore", "RFore", "LMid", "RMid", "LHind", "RHind")
"""The order of legs in every array that has an axis of legs."""
LEG_PARENTS = (UPPER_THORAX, UPPER_THORAX, LOWER_THORAX, LOWER_THORAX, PETIOLE, PETIOLE)
"""The body node at which the skeleton joins each leg."""
KNEES = tuple(range(6, 18, 2))
FEET = tuple(range(7, 18, 2))

NODES = BODY + tuple(leg + part for leg in LEGS for part in ("Leg", "Foot"))

ANT_SKELETON = Skeleton(
    nodes=NODES,
    edges=(
        *itertools.pairwise(BODY),
        *(
            edge
            for leg, parent in zip(LEGS, LEG_PARENTS, strict=True)
            for edge in ((BODY[parent], leg + "Leg"), (leg + "Leg", leg + "Foot"))
        ),
    ),
    symmetries=tuple(
        ("L" + pair + part, "R" + pair + part) for pair in ("Fore", "Mid", "Hind") for part in ("Leg", "Foot")
    ),
)

# x, y, and their standard deviations, of the body and of the right legs (knee, foot), over 1581 hand-labelled ants.
_BODY_TABLE = (
    (0.471, 0.0, 0.030, 0.046),
    (0.281, 0.0, 0.027, 0.015),
    (0.071, 0.0, 0.009, 0.0),
    (-0.071, 0.0, 0.009, 0.0),
    (-0.196, 0.0, 0.024, 0.014),
    (-0.524, 0.0, 0.030, 0.050),
)
_RIGHT_LEG_TABLE = (
    ((0.214, 0.206, 0.068, 0.055), (0.410, 0.256, 0.126, 0.120)),
    ((-0.022, 0.279, 0.068, 0.076), (-0.004, 0.545, 0.201, 0.122)),
    ((-0.283, 0.207, 0.109, 0.077), (-0.669, 0.377, 0.192, 0.149)),
)

BODY_LENGTH_LOG_SD = float(np.log(197 / 127) / (2 * 1.645))
"""Spread of body lengths: the 5th and 95th percentile are 127 and 197 where the median is 158 pixels."""
HEAD_YAW_SD = float(np.deg2rad(10))
GASTER_YAW_SD = float(np.deg2rad(7))


def _table() -> Array:
    rows = list(_BODY_TABLE)
    for right in _RIGHT_LEG_TABLE:
        rows += [(x, -y, sx, sy) for x, y, sx, sy in right]
        rows += list(right)
    return np.array(rows)


MEAN_POSE = _table()[:, :2]
"""(nodes, 2) median position in body coordinates."""
POSE_SPREAD = _table()[:, 2:]
"""(nodes, 2) standard deviation of the positions."""
