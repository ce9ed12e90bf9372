"""Peaks of several animals into animals, by part affinity fields (Cao et al. 2017).

Two peaks that an edge may join are scored by how far the edge's field follows the line between them; each edge is then
matched on its own, and what is joined is an animal.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.config.inference import GroupingConfig
from antpipe.geometry import Array
from antpipe.poses import Skeleton


class Groups(NamedTuple):
    """The animals of one frame, the highest score first."""

    peaks: Array
    """(instances, nodes) which peak each node is, -1 where there is none"""
    scores: Array
    """(instances,) the sum of the scores of the joined edges"""
    alone: int
    """How many peaks are joined to no other, and so belong to no animal."""


class Joint(NamedTuple):
    """Two peaks that an edge joins."""

    score: float
    source: int
    target: int


def group_peaks(
    points: Array,
    nodes: Array,
    fields: Array,
    skeleton: Skeleton,
    stride: int,
    config: GroupingConfig,
    *,
    as_sleap: bool = False,
) -> Groups:
    """Return the animals that the peaks of one frame form.

    A peak that is joined to no other is left out, and counted, as SLEAP does: alone it is more often an error than an
    animal of which all but one node is hidden. A hidden node parts its animal in two where it is the only link.

    Args:
        points: (peaks, 2) x and y in pixels of the input.
        nodes: (peaks,) which node each is.
        fields: (rows, columns, 2 * edges) x and y of each edge in turn.
        skeleton: the nodes and the edges.
        stride: pixels of the input per cell of the fields.
        config: how lines are scored, and the lowest score.
        as_sleap: score and match as SLEAP does, see `line_scores` and `match`.
    """
    joints = []
    for edge, (one, other) in enumerate(skeleton.edge_indices()):
        sources, targets = np.flatnonzero(nodes == one), np.flatnonzero(nodes == other)
        field = fields[..., 2 * edge : 2 * edge + 2]
        scores = line_scores(field, points[sources], points[targets], stride, config, as_sleap=as_sleap)
        for row, column in match(scores, config.min_line_score, as_sleap=as_sleap):
            joints.append(Joint(float(scores[row, column]), int(sources[row]), int(targets[column])))
    pieces = assemble(joints, nodes)
    piece_of = {peak: number for number, piece in enumerate(pieces) for peak in piece}
    sums = np.zeros(len(pieces))
    for joint in joints:
        number = piece_of.get(joint.source)
        if number is not None and number == piece_of.get(joint.target):
            sums[number] += joint.score
    peaks = np.full((len(pieces), len(skeleton.nodes)), -1)
    for row, best in enumerate(np.argsort(-sums, kind="stable")):
        peaks[row, nodes[pieces[best]]] = pieces[best]
    return Groups(peaks, -np.sort(-sums), len(points) - sum(map(len, pieces)))


def line_scores(
    field: Array, sources: Array, targets: Array, stride: int, config: GroupingConfig, *, as_sleap: bool = False
) -> Array:
    """Return how well the field (rows, columns, 2) of one edge joins points (s, 2) with points (t, 2), as (s, t).

    The mean over points of the line, read at the nearest cell, of the field's part along the line; less a penalty for
    long lines, as in SLEAP. Where the fields of two animals add up, a point counts as 1 at most, so that a line that
    changes from one animal to the other gains nothing; SLEAP counts it in full. (SLEAP takes the longest length from
    the largest of rows, columns and channels; here from rows and columns alone. It reads outside of the field where a
    point lies there; here at the field's border.)
    """
    way = targets[None] - sources[:, None]
    length = np.maximum(np.linalg.norm(way, axis=-1), 1e-9)
    share = np.linspace(0, 1, config.n_points)[:, None, None, None]
    rows, columns = field.shape[:2]
    with np.errstate(invalid="ignore"):  # a point that is NaN is read anywhere, and scores NaN
        cells = np.rint((sources[:, None] + share * way) / stride).astype(np.int64)
    read = field[cells[..., 1].clip(0, rows - 1), cells[..., 0].clip(0, columns - 1)]
    along = (read * way).sum(axis=-1) / length
    longest = config.max_edge_length_ratio * max(rows, columns) * stride
    mean = (along if as_sleap else np.minimum(along, 1)).mean(axis=0)
    return mean + config.dist_penalty_weight * np.minimum(longest / length - 1, 0)


def match(scores: Array, lowest: float, *, as_sleap: bool = False) -> Iterable[tuple[int, int]]:
    """Return the pairs (source, target) that an edge joins, each peak at most once, none below `lowest`; NaN is none.

    The pairs are those whose scores exceed `lowest` most in sum. SLEAP takes the highest sum of all scores, also of
    those that it drops afterwards: two right ends lose each other where what is left over would score badly.
    """
    worth = np.nan_to_num(scores, nan=-1e9) if as_sleap else np.where(scores >= lowest, scores - lowest, 0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    good = scores[rows, columns] >= lowest
    return zip(rows[good].tolist(), columns[good].tolist(), strict=True)


def assemble(joints: Sequence[Joint], nodes: Array) -> list[list[int]]:
    """Return the pieces, lists of two peaks or more, that joints make of peaks, which are `nodes` (peaks,).

    The best joints come first, and two pieces with a node in common stay apart. Where the edges form a tree, no two
    pieces that an edge joins can have one, as each peak is matched once per edge; the result is then SLEAP's, which
    goes through the tree from its root. SLEAP takes edges outside of that tree for nothing; here they hold an animal
    together where another link is hidden.
    """
    node_of = nodes.tolist()
    pieces = {peak: [peak] for joint in joints for peak in (joint.source, joint.target)}
    for joint in sorted(joints, key=lambda j: -j.score):
        one, other = pieces[joint.source], pieces[joint.target]
        if {node_of[peak] for peak in one}.isdisjoint(node_of[peak] for peak in other):
            one += other
            pieces.update(dict.fromkeys(other, one))
    return [piece for piece in {id(piece): piece for piece in pieces.values()}.values() if len(piece) > 1]


def nodes_apart(skeleton: Skeleton) -> list[str]:
    """Return the nodes that no chain of edges joins to the first node."""
    body = set(skeleton.nodes[:1])
    for _ in skeleton.nodes:
        body.update(node for edge in skeleton.edges if body & set(edge) for node in edge)
    return [node for node in skeleton.nodes if node not in body]
