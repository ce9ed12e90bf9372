"""Left and right parts that were exchanged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.body import BodyFrame
from antpipe.labels.audit.pairs import Pair
from antpipe.labels.audit.spread import CLICK_ERROR, median, spread

MARGIN = 8.0
"""An exchange must make the pose e^8, about 3000, times likelier. Of the 1581 clean ants of the project's main data set
one reaches that, so twisted that neither way fits, and no other e^4; real exchanges in other sets have e^11 to e^48."""
SHARE = 0.4
"""So large a part of what speaks against the labels (minus their log-likelihood) an exchange must take away."""
_FREEDOM = 4
"""Degrees of freedom of Student's t: a place far from usual is unlikely on either side, and decides little."""

Edge = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Swap:
    """Parts of one instance that fit better exchanged."""

    row: int
    pairs: tuple[Pair, ...]
    gain: float
    """ln of how much likelier the pose is after the exchange."""
    now_px: float
    """Mean distance of the visible parts from where they are usual."""
    then_px: float
    """The same after the exchange."""


def find_swaps(body: BodyFrame, pairs: Sequence[Pair], edges: Sequence[Edge]) -> list[Swap]:
    """Return the instances in which left and right parts are exchanged, all parts of an instance in one record.

    Pairs that edges join make up a limb: knees and feet of the fore legs. For each limb three things are compared:
    the labels as they are, with one pair exchanged, with all of its pairs exchanged. How likely each is follows from
    where every node lies in the body frame and, within the limb, from where it lies relative to its neighbour;
    distances from the median in robust standard deviations, as a Student's t distribution. The best one is taken
    if it is likelier than the labels by `MARGIN`, and takes away at least `SHARE` of what speaks against them: with a
    twisted body neither fits, and nothing can be said.

    Pairs whose nodes are not usually apart, as in an animal seen from the side, never reach the margin.
    """
    found: dict[int, list[tuple[tuple[Pair, ...], float]]] = {}
    for limb in _limbs([pair for pair in pairs if not np.isnan(body.usual[list(pair)]).any()], edges):
        states: list[tuple[Pair, ...]] = [(), *((pair,) for pair in limb)]
        states += [tuple(limb)] if len(limb) > 1 else []
        costs = np.stack([_cost(body, limb, _joints(limb, edges), state) for state in states])
        best = costs.argmin(axis=0)
        left = costs.min(axis=0)
        gain = costs[0] - left
        for row in np.flatnonzero((gain >= MARGIN) & (gain >= SHARE * costs[0])):
            found.setdefault(int(row), []).append((states[best[row]], float(gain[row])))
    return [_record(body, row, parts) for row, parts in sorted(found.items())]


def exchanged(nodes: int, pairs: Sequence[Pair]) -> Array:
    """Return the node indices (nodes,) after the pairs have changed places."""
    order = np.arange(nodes)
    for a, b in pairs:
        order[[a, b]] = b, a
    return order


def _limbs(pairs: Sequence[Pair], edges: Sequence[Edge]) -> list[list[Pair]]:
    """Return groups of pairs that edges join, in the order of the pairs."""
    limbs: list[list[Pair]] = []
    for pair in pairs:
        joined = [limb for limb in limbs if any(_joints([pair, other], edges) for other in limb)]
        limbs = [limb for limb in limbs if limb not in joined]
        limbs.append([*(p for limb in joined for p in limb), pair])
    return limbs


def _joints(limb: Sequence[Pair], edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges between different pairs of a limb."""
    number = {node: i for i, pair in enumerate(limb) for node in pair}
    return [(a, b) for a, b in edges if a in number and b in number and number[a] != number[b]]


def _cost(body: BodyFrame, limb: Sequence[Pair], joints: Sequence[Edge], state: Sequence[Pair]) -> Array:
    """Return (rows,) minus the log-likelihood of a limb, but for a constant, after the pairs of `state` swap."""
    taken = exchanged(len(body.usual), state)
    cost = np.zeros(len(body.places))
    for node in (node for pair in limb for node in pair):
        cost += _misfit(body.places[:, taken[node]] - body.usual[node], body.spread[node])
    for a, b in joints:
        arm = body.places[:, b] - body.places[:, a]
        usual = median(arm.real) + 1j * median(arm.imag)
        scatter = np.hypot(spread(arm.real), CLICK_ERROR) + 1j * np.hypot(spread(arm.imag), CLICK_ERROR)
        cost += _misfit(body.places[:, taken[b]] - body.places[:, taken[a]] - usual, scatter)
    return cost


def _misfit(deviation: Array, scatter: Array) -> Array:
    """Return minus the log-likelihood (rows,) of deviations in the plane; 0 for what is not visible."""
    square = (deviation.real / scatter.real) ** 2 + (deviation.imag / scatter.imag) ** 2
    return np.nan_to_num((_FREEDOM + 2) / 2 * np.log1p(square / _FREEDOM))


def _record(body: BodyFrame, row: int, parts: Sequence[tuple[tuple[Pair, ...], float]]) -> Swap:
    pairs = tuple(pair for state, _ in parts for pair in state)
    nodes = [node for pair in pairs for node in pair]
    taken = exchanged(len(body.usual), pairs)[nodes]
    now, then = (
        float(median(np.abs(body.places[row, places] - body.usual[nodes]), axis=None) / abs(body.turn[row]))
        for places in (nodes, taken)
    )
    return Swap(row=row, pairs=pairs, gain=sum(gain for _, gain in parts), now_px=now, then_px=then)
