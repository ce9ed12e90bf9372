"""The body frame: all animals laid on top of each other, so that the same node of two animals can be compared."""

from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.spread import CLICK_ERROR, MIN_MEASURED, median, spread

_ROUNDS = 6
_STIFFEST = 0.05
"""Added to the spread of a node before it is turned into a weight, so that no single node decides."""


@dataclass(frozen=True, kw_only=True)
class BodyFrame:
    """Where nodes lie on the animal. Places are complex numbers x + iy in units of the animal's usual size."""

    places: Array
    """(rows, nodes) NaN where not visible, or where fewer than two nodes show how the animal lies"""
    usual: Array
    """(nodes,) median place; NaN for nodes that are too rarely visible to tell"""
    spread: Array
    """(nodes,) robust standard deviation in x, and in y as imaginary part"""
    turn: Array
    """(rows,) `places` = (pixels - origin) * turn"""
    origin: Array
    """(rows,) x + iy in pixels"""

    def to_pixels(self, row: int, places: Array) -> Array:
        """Return where places on an animal lie in its picture, as (places, 2)."""
        pixels = np.asarray(places) / self.turn[row] + self.origin[row]
        return np.stack([pixels.real, pixels.imag], axis=-1)


def fit_body(points: Array, trunk: Array) -> BodyFrame:
    """Turn, shift and scale every instance so that its trunk lies on the median trunk.

    This is a generalised Procrustes analysis with medians (Gower 1975): the template starts as the instance with the
    most visible trunk nodes and becomes the median of all that were laid on it, again and again. Nodes that
    scatter less weigh more, so a turned head hardly turns the body; in the end the node is left out without which the
    others fit best, so a misplaced one does not turn it either. Instances are never mirrored.

    Args:
        points: (rows, nodes, 2) pixels, NaN where not visible.
        trunk: indices of the nodes that lie the same way in every animal; at least two must be visible in a row.
    """
    pixels = points[..., 0] + 1j * points[..., 1]
    own = pixels[:, trunk]
    template = _first_template(own)
    weights = np.ones(len(trunk))
    for _ in range(_ROUNDS):
        turn, origin = _lay(own, template, weights)
        laid = (own - origin[:, None]) * turn[:, None]
        template = _complex_median(laid)
        weights = 1 / (np.nan_to_num(median(np.abs(laid - template)), nan=1) + _STIFFEST)
    turn, origin = _lay_without_outlier(own, template, weights)
    places = (pixels - origin[:, None]) * turn[:, None]
    extent = _usual_extent(places)
    places, turn = places / extent, turn / extent
    usual = np.where((~np.isnan(places)).sum(axis=0) >= MIN_MEASURED, _complex_median(places), np.nan)
    scatter = np.hypot(spread(places.real), CLICK_ERROR) + 1j * np.hypot(spread(places.imag), CLICK_ERROR)
    return BodyFrame(places=places, usual=usual, spread=scatter, turn=turn, origin=origin)


def _first_template(trunk: Array) -> Array:
    """Return the trunk with the most visible nodes, centred and of unit size; nodes it lacks are at its middle."""
    if not len(trunk):
        return np.zeros(trunk.shape[1], complex)
    best = trunk[np.argmax((~np.isnan(trunk)).sum(axis=1))]
    centred = np.nan_to_num(best - np.nanmean(best)) if not np.isnan(best).all() else np.zeros(len(best), complex)
    size = np.sqrt((np.abs(centred) ** 2).mean())
    return np.asarray(centred / size if size > 0 else centred)


def _lay(trunk: Array, template: Array, weights: Array) -> tuple[Array, Array]:
    """Return turn and origin (rows,) that lay trunks on the template with the least weighted squares."""
    weights = np.where(np.isnan(trunk) | np.isnan(template), 0.0, weights)
    enough = (weights > 0).sum(axis=1) >= 2
    weights = np.where(enough[:, None], weights, 0.0)
    total = np.where(enough, weights.sum(axis=1), 1.0)
    trunk, template = np.nan_to_num(trunk), np.nan_to_num(template)
    middle = (weights * trunk).sum(axis=1) / total
    goal = (weights * template).sum(axis=1) / total
    arms = trunk - middle[:, None]
    power = (weights * np.abs(arms) ** 2).sum(axis=1)
    turn = (weights * arms.conj() * (template - goal[:, None])).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Rows with too few nodes, or with all of them in one place, cannot be laid on anything: NaN.
        turn = np.where((power > 0) & (turn != 0), turn / power, np.nan)
        return turn, middle - goal / turn


def _lay_without_outlier(trunk: Array, template: Array, weights: Array) -> tuple[Array, Array]:
    """Return what `_lay` does with all nodes or with all but one, whichever fits best."""
    turn, origin = _lay(trunk, template, weights)
    least = _misfit(trunk, template, weights, turn, origin)
    for node in range(len(weights)):
        others = np.where(np.arange(len(weights)) == node, 0.0, weights)
        without = _lay(trunk, template, others)
        misfit = _misfit(trunk, template, weights, *without)
        better = misfit < least
        turn, origin = (np.where(better, new, old) for new, old in zip(without, (turn, origin), strict=True))
        least = np.where(better, misfit, least)
    return turn, origin


def _misfit(trunk: Array, template: Array, weights: Array, turn: Array, origin: Array) -> Array:
    """Return how badly trunks lie on the template (rows,), by a measure on which one bad node has little say."""
    distance = np.abs((trunk - origin[:, None]) * turn[:, None] - template) * weights
    misfit = np.nan_to_num(np.log1p(distance**2)).sum(axis=1)
    return np.where(np.isnan(turn), np.inf, misfit)


def _usual_extent(places: Array) -> float:
    """Return the median, over instances, of the longer side of the box around all visible nodes."""
    sides = [_span(part) for part in (places.real, places.imag)]
    extent = float(median(np.maximum(*sides), axis=None)) if len(places) else np.nan
    return extent if extent > 0 else 1.0


def _span(values: Array) -> Array:
    high, low = np.where(np.isnan(values), -np.inf, values), np.where(np.isnan(values), np.inf, values)
    span = high.max(axis=1, initial=-np.inf) - low.min(axis=1, initial=np.inf)
    return np.where(span > 0, span, np.nan)


def _complex_median(values: Array) -> Array:
    return median(values.real) + 1j * median(values.imag)
