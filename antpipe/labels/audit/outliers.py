"""Which node is to blame where edges and angles are unusual."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.angles import Angles
from antpipe.labels.audit.lengths import Lengths

LONG, SHORT = 4.0, 6.0
"""Robust standard deviations from which on an edge is unusual. Short ones need more: legs fold, and bodies tilt."""
LONG_RATIO, SHORT_RATIO = 1.5, 0.5
"""An unusual edge is also longer or shorter than expected by these factors, however little it usually varies."""
ANGLE = 8.0
"""The same for angles. Turned heads, folded legs and bodies seen from the side reach 7 in right labels."""

EDGE_LENGTH, ANGLE_KIND = "edge_length", "angle"


@dataclass(frozen=True, kw_only=True)
class Outlier:
    """A node that is out of place, and the measure that shows it best."""

    row: int
    node: int
    kind: str
    """`edge_length` or `angle`."""
    measure: int
    """Which edge or joint."""
    score: float


def find_outliers(lengths: Lengths, angles: Angles, edges: Array, joints: Array) -> list[Outlier]:
    """Return the nodes that explain all unusual edges and angles, each with the one that is farthest from usual.

    An unusual edge has two ends and an unusual angle three nodes, and a displaced node spoils all it belongs to. So
    in each instance the node is named that most unusual edges and angles have in common; of several, the one whose
    edges and angles, unusual or not, are on average farthest from usual: an outer node rather than the one that holds
    it. What it belongs to counts as explained, and the next node is named until nothing is left.
    """
    excess = np.concatenate([_edge_excess(lengths), np.abs(angles.score) / ANGLE], axis=1)
    members = [*map(set, edges.tolist()), *map(set, joints.tolist())]
    scores = np.abs(np.concatenate([lengths.score, angles.score], axis=1))
    found = []
    for row in np.flatnonzero((np.nan_to_num(excess) > 1).any(axis=1)):
        for node, measure in _blame(np.nan_to_num(excess[row], nan=-1), members):
            kind, place = (EDGE_LENGTH, measure) if measure < len(edges) else (ANGLE_KIND, measure - len(edges))
            score = float(scores[row, measure])
            found.append(Outlier(row=int(row), node=node, kind=kind, measure=place, score=score))
    return found


def _edge_excess(lengths: Lengths) -> Array:
    """Return how far each edge (rows, edges) is over the limits: above 1 only where it is over both."""
    ratio = lengths.px / lengths.expected
    plenty = np.where(ratio > 1, np.log(np.maximum(ratio, 1)) / np.log(LONG_RATIO), (1 - ratio) / (1 - SHORT_RATIO))
    return np.minimum(np.abs(lengths.score) / np.where(ratio > 1, LONG, SHORT), plenty)


def _blame(excess: Array, members: Sequence[set[int]]) -> list[tuple[int, int]]:
    """Return (node, measure) pairs that explain one instance.

    Args:
        excess: (measures,) score over limit, above 1 if unusual, below 0 if not measured.
        members: the nodes of each measure.
    """
    left = {m for m in range(len(members)) if excess[m] >= 0}
    blamed = []
    while unusual := sorted(m for m in left if excess[m] > 1):
        suspects = sorted({node for m in unusual for node in members[m]})
        own = {node: [excess[m] for m in sorted(left) if node in members[m]] for node in suspects}
        worst = max(suspects, key=lambda node: (sum(e > 1 for e in own[node]), float(np.mean(own[node]))))
        blamed.append((worst, max((m for m in unusual if worst in members[m]), key=lambda m: float(excess[m]))))
        left = {m for m in left if worst not in members[m]}
    return blamed
