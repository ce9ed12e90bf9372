"""The shape of all animals of one skeleton, measured."""

from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.angles import Angles, find_joints, measure_angles
from antpipe.labels.audit.body import BodyFrame, fit_body
from antpipe.labels.audit.lengths import Lengths, measure_lengths
from antpipe.labels.audit.outliers import Outlier, find_outliers
from antpipe.labels.audit.pairs import Pair, find_pairs
from antpipe.labels.audit.sizes import animal_sizes
from antpipe.labels.audit.swaps import Swap, exchanged, find_swaps
from antpipe.labels.audit.table import Entries, InstanceTable


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What was measured on the instances of a table."""

    table: InstanceTable
    size: Array
    """(rows,) usual size of the animals of the same video in pixels; NaN where unknown"""
    edges: Array
    """(edges, 2) node indices"""
    joints: Array
    """(joints, 3) node indices"""
    pairs: list[Pair]
    """Left and right partners, as node indices."""
    pairs_given: bool
    """Whether the skeleton names the pairs; else they come from the names of the nodes."""
    body: BodyFrame
    swaps: list[Swap]
    lengths: Lengths
    """After the swaps were undone, as are `angles`."""
    angles: Angles
    outliers: list[Outlier]


def measure_shape(table: InstanceTable, entries: Entries) -> Shape:
    """Measure all instances of a table, look for exchanged sides, and for nodes that are out of place.

    Exchanged sides are put right before lengths and angles are judged, so that one mistake is one finding.
    """
    points, video = table.seen.copy(), entries.video[table.entry]
    size = animal_sizes(points, video)
    edges = np.array(table.skeleton.edge_indices(), int).reshape(-1, 2)
    joints = np.array(find_joints(table.skeleton.edge_indices()), int).reshape(-1, 3)
    pairs, given = find_pairs(table.skeleton)
    body = fit_body(points, _trunk(len(table.skeleton.nodes), pairs))
    swaps = find_swaps(body, pairs, table.skeleton.edge_indices())
    for swap in swaps:
        points[swap.row] = points[swap.row, exchanged(points.shape[1], swap.pairs)]
    lengths = measure_lengths(points, edges, video, size)
    angles = measure_angles(points, joints, size)
    return Shape(
        table=table,
        size=size,
        edges=edges,
        joints=joints,
        pairs=pairs,
        pairs_given=given,
        body=body,
        swaps=swaps,
        lengths=lengths,
        angles=angles,
        outliers=find_outliers(lengths, angles, edges, joints),
    )


def _trunk(nodes: int, pairs: list[Pair]) -> Array:
    """Return the nodes that are not one of a pair; all nodes if those are too few to tell how an animal lies."""
    paired = {node for pair in pairs for node in pair}
    trunk = [node for node in range(nodes) if node not in paired]
    return np.array(trunk if len(trunk) >= 2 else range(nodes), int)
