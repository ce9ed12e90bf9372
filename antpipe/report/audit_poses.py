"""The figure in which all animals of an audit lie on top of each other."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from antpipe.geometry import Array
from antpipe.labels.audit.audit import Audit
from antpipe.labels.audit.shape import Shape
from antpipe.report.audit_figures import SUSPECT, say_nothing
from antpipe.report.colours import BLUE, ORANGE, hexadecimal
from antpipe.report.figure import figure_to, shorten

_LEFT, _RIGHT, _MIDDLE = hexadecimal(BLUE), hexadecimal(ORANGE), "#555555"
_MOST_ANIMALS = 2000
"""So many are drawn; of more, evenly spread ones."""
_ALMOST_ALL = 0.995
"""Part of the points that the figure must hold; it is not shrunk for the farthest few."""


def plot_poses(audit: Audit, output_png: Path) -> None:
    """Draw all animals on top of each other, turned the same way, with the nodes that are suspect."""
    shapes = [shape for shape in audit.shapes if not np.isnan(shape.body.usual).all()]
    with figure_to(output_png, 7.2, 5.6 * max(len(shapes), 1)) as figure:
        grid = figure.subplots(max(len(shapes), 1), 1, squeeze=False)[:, 0]
        for axes, shape in zip(grid, shapes, strict=False):
            _draw_poses(axes, shape, audit)
        if not shapes:
            say_nothing(grid[0], shapes)


def _draw_poses(axes: Axes, shape: Shape, audit: Audit) -> None:
    places = _turned(shape)
    usual = places[-1]
    sides = _sides(shape)
    rows = np.linspace(0, len(places) - 2, min(len(places) - 1, _MOST_ANIMALS)).astype(int)
    size = 2 if len(rows) > 500 else 4
    for node, colour in enumerate(sides):
        axes.plot(places[rows, node].real, places[rows, node].imag, ".", ms=size, alpha=0.3, mew=0, color=colour)
    for a, b in shape.edges:
        axes.plot(usual[[a, b]].real, usual[[a, b]].imag, color="black", lw=1.2)
    for node, name in enumerate(shape.table.skeleton.nodes):
        if not np.isnan(usual[node]):
            axes.plot(usual[node].real, usual[node].imag, "o", ms=4, color=sides[node], mec="black", mew=0.6)
            _name(axes, name, usual[node], slanted=sides[node] == _MIDDLE)
    flagged = _flagged(shape, audit)
    for row, node in zip(*flagged, strict=True):
        place = places[row, node]
        axes.plot(place.real, place.imag, "o", ms=6, mfc=sides[node], mec=SUSPECT, mew=1.3, zorder=4)
    _set_limits(axes, np.concatenate([places[rows].ravel(), places[flagged], usual]))
    axes.set_axis_off()
    axes.set_title(f"{len(shape.table):,} animals on top of each other, turned the same way")
    axes.legend(handles=_pose_legend(bool(shape.pairs)), loc="lower left", fontsize=8, frameon=True)


def _turned(shape: Shape) -> Array:
    """Return the places in the body frame, and in the last row the usual ones, with the first node to the right."""
    body = shape.body
    places = np.concatenate([body.places, body.usual[None]])
    towards = body.usual[0] - np.nanmean(body.usual)
    turn = np.conj(towards) / abs(towards) if abs(towards) > 0 else 1
    return np.asarray(places * turn)


def _sides(shape: Shape) -> list[str]:
    left, right = ({pair[side] for pair in shape.pairs} for side in (0, 1))
    nodes = range(len(shape.table.skeleton.nodes))
    return [_LEFT if node in left else _RIGHT if node in right else _MIDDLE for node in nodes]


def _flagged(shape: Shape, audit: Audit) -> tuple[Array, Array]:
    """Return rows and nodes of all suspect points."""
    nodes = shape.table.skeleton.nodes
    row_of = {key: row for row, key in enumerate(zip(shape.table.entry, shape.table.instance, strict=True))}
    found = [
        (row_of[f.entry, f.instance], nodes.index(node))
        for f in audit.findings
        if f.instance is not None and (f.entry, f.instance) in row_of
        for node in f.nodes
    ]
    rows, places = np.array(found, int).reshape(-1, 2).T
    return rows, places


def _set_limits(axes: Axes, places: Array) -> None:
    known = places[~np.isnan(places)]
    tail = (1 - _ALMOST_ALL) / 2
    left, right = np.quantile(known.real, (tail, 1 - tail))
    top, bottom = np.quantile(known.imag, (tail, 1 - tail))
    margin = 0.06 * max(right - left, bottom - top, 1e-3)
    axes.set_xlim(left - margin, right + margin)
    axes.set_ylim(bottom + margin, top - margin)
    axes.set_aspect("equal")


def _name(axes: Axes, name: str, place: complex, *, slanted: bool) -> None:
    """Write a node's name beside it; slanted where the nodes lie in a row."""
    axes.annotate(
        shorten(name),
        (place.real, place.imag),
        (2, 5),
        textcoords="offset points",
        ha="left",
        va="bottom",
        rotation=45 if slanted else 0,
        rotation_mode="anchor",
        size=7.5,
        bbox={"fc": "white", "ec": "none", "alpha": 0.6, "pad": 0.3},
    )


def _pose_legend(paired: bool) -> list[Line2D]:
    marks = [("left", _LEFT), ("right", _RIGHT), ("middle", _MIDDLE)] if paired else [("node", _MIDDLE)]
    dots = [Line2D([], [], ls="", marker="o", ms=4, color=colour, label=words) for words, colour in marks]
    ring = Line2D([], [], ls="", marker="o", ms=6, mfc="none", mec=SUSPECT, mew=1.3, label="suspect")
    return [*dots, ring]
