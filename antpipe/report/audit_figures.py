"""The figures of an audit that count: points, frames, edges."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from antpipe.labels.audit.audit import Audit
from antpipe.labels.audit.counts import Row
from antpipe.labels.audit.finding import KINDS
from antpipe.labels.audit.shape import Shape
from antpipe.report.colours import BLUE, ORANGE, SKY, VERMILLION, hexadecimal
from antpipe.report.figure import figure_to, shorten

SUSPECT = hexadecimal(VERMILLION)
_MOST_ROWS = 60
_SHARES = {"invisible": (SKY, "not visible"), "unverified": (ORANGE, "not confirmed by a person")}


def plot_nodes(audit: Audit, output_png: Path) -> None:
    """Draw how many points of each node are not visible, and how many nobody has confirmed."""
    rows = audit.nodes[:_MOST_ROWS]
    drawn = [key for key in _SHARES if any(row[key] for row in rows)]
    with figure_to(output_png, 7.2, 1.6 + 0.26 * max(len(rows), 3)) as figure:
        axes = figure.add_subplot()
        for key, shift in zip(drawn, (0.2 * (1 - len(drawn)), 0.2), strict=False):
            _draw_shares(axes, rows, key, shift, 0.76 / len(drawn))
        axes.set_yticks(range(len(rows)), [shorten(row["node"]) for row in rows])
        axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
        axes.set_xlim(0, max([1.0, *((row[f"{key}_percent"] or 0) * 1.12 for row in rows for key in _SHARES)]))
        axes.set_xlabel("Percent of the points of this body part (numbers: points)")
        axes.set_title("Points that are not visible or not confirmed")
        axes.grid(axis="x", lw=0.4, alpha=0.5)
        if drawn:
            figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        elif rows:
            axes.text(0.5, 0.5, "all points are visible and confirmed", transform=axes.transAxes, ha="center")
        say_nothing(axes, rows)


def _draw_shares(axes: Axes, rows: Sequence[Row], key: str, shift: float, height: float) -> None:
    colour, words = _SHARES[key]
    shares = [row[f"{key}_percent"] or 0 for row in rows]
    axes.barh(np.arange(len(rows)) + shift, shares, height, color=hexadecimal(colour), label=words)
    for place, (row, share) in enumerate(zip(rows, shares, strict=True)):
        if row[key]:
            text = f"{row[key]:,}"
            axes.annotate(text, (share, place + shift), (3, 0), textcoords="offset points", va="center", size=7)


def plot_frames(audit: Audit, output_png: Path) -> None:
    """Draw where in each video the labelled frames lie, how many animals each has, and which have suspects."""
    videos = [number for number in range(len(audit.entries.videos)) if (audit.entries.video == number).any()]
    shown = videos[:_MOST_ROWS]
    suspect = {f.entry for f in audit.findings if KINDS[f.kind].severity != "note"}
    animals = np.array([frame["user_instances"] for frame in audit.frames])
    with figure_to(output_png, 7.2, 1.5 + 0.42 * max(len(shown), 2)) as figure:
        axes = figure.add_subplot()
        for place, number in enumerate(shown):
            # Those with a red rim come last, on top.
            entries = sorted(np.flatnonzero(audit.entries.video == number).tolist(), key=suspect.__contains__)
            dots = axes.scatter(
                audit.entries.frame_idx[entries],
                np.full(len(entries), place),
                c=animals[entries],
                norm=Normalize(0, max(animals.max(), 1)),
                cmap="viridis_r",
                s=42,
                **_rims([entry in suspect for entry in entries]),
            )
        if shown:
            figure.colorbar(dots, ax=axes, label="Labelled animals", pad=0.01)
        names = [f"{shorten(audit.entries.videos[v])}\n{int((audit.entries.video == v).sum())} frames" for v in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_xlabel("Number of the frame in its video")
        axes.set_title("Labelled frames (red rim: something in it is suspect)")
        axes.grid(axis="x", lw=0.4, alpha=0.5)
        say_nothing(axes, shown)


def _rims(suspect: Sequence[bool]) -> dict[str, Any]:
    return {
        "linewidths": [1.6 if wrong else 0.3 for wrong in suspect],
        "edgecolors": [SUSPECT if wrong else "#333333" for wrong in suspect],
    }


def plot_lengths(audit: Audit, output_png: Path) -> None:
    """Draw how long each edge is in all animals, in proportion to what is expected for the animal's size."""
    edges = [(shape, e) for shape in audit.shapes for e in range(len(shape.edges))][:_MOST_ROWS]
    with figure_to(output_png, 7.2, 1.4 + 0.26 * max(len(edges), 3)) as figure:
        axes = figure.add_subplot()
        for row, (shape, edge) in enumerate(edges):
            _draw_edge(axes, row, shape, edge)
        axes.set_yticks(range(len(edges)), [_edge_name(shape, edge) for shape, edge in edges])
        axes.set_ylim(max(len(edges), 1) - 0.5, -0.5)
        axes.set_xscale("log")
        axes.set_xlim(0.1, 5)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.axvline(1, color="black", lw=0.8)
        axes.set_xlabel(
            "Length divided by that expected for an animal of this size\n"
            "thick line: half of the animals; thin line: 95 %; red: unusual"
        )
        axes.set_title("Lengths of the edges")
        axes.grid(axis="x", lw=0.4, alpha=0.5)
        say_nothing(axes, edges)


def _edge_name(shape: Shape, edge: int) -> str:
    first, second = (shorten(shape.table.skeleton.nodes[node]) for node in shape.edges[edge])
    return f"{first} - {second}"


def _draw_edge(axes: Axes, row: int, shape: Shape, edge: int) -> None:
    ratio = shape.lengths.px[:, edge] / shape.lengths.expected[:, edge]
    known = ratio[~np.isnan(ratio)]
    if not len(known):
        return
    low, first, last, high = np.maximum(np.quantile(known, (0.025, 0.25, 0.75, 0.975)), 0.1)
    axes.plot([low, high], [row, row], color=hexadecimal(BLUE), lw=1, solid_capstyle="butt")
    axes.plot([first, last], [row, row], color=hexadecimal(SKY), lw=6, solid_capstyle="butt")
    flagged = [o.row for o in shape.outliers if o.kind == "edge_length" and o.measure == edge]
    axes.plot(np.clip(ratio[flagged], 0.1, 5), [row] * len(flagged), "o", ms=5, color=SUSPECT, clip_on=False)


def say_nothing(axes: Axes, rows: Sequence[object]) -> None:
    """Say so in a figure that has no rows to show."""
    if not rows:
        axes.text(0.5, 0.5, "nothing to show", transform=axes.transAxes, ha="center", va="center")
