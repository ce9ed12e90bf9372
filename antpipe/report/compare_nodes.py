"""A figure of the errors of all runs, node by node."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from antpipe.evaluation.runs import Run
from antpipe.geometry import Array
from antpipe.report.figure import figure_to, shorten

_COLOURS = "YlGnBu"
_NOTHING = "#e6e6e6"
_PANELS = {"p50": "Median error (px)", "p90": "90th percentile of errors (px): one in ten is further off"}
_LEAST_PX, _DARK_FROM = 0.1, 0.55


def plot_node_heat_map(runs: Sequence[tuple[Run, str]], names: Mapping[str, str], output_png: str | Path) -> None:
    """Draw how far the nodes of each run lie from the truth: a row per run, a column per node, darker is worse.

    Gray is a node that a run does not predict, or, with the word `none`, never found. One with a star is the anchor of
    its model: the crops in which it was looked for were centred on its true place, so its errors flatter.

    Args:
        runs: from top to bottom, each with the part of the split that is shown; those without nodes are left out.
        names: short names of runs.
        output_png: the figure.
    """
    rows = [(run, part) for run, part in runs if run.parts[part].node_errors]
    nodes = list(dict.fromkeys(node for run, part in rows for node in run.parts[part].node_errors))
    width, height = 3.4 + 0.5 * max(len(nodes), 6), 1.3 + 2 * (0.6 + 0.36 * max(len(rows), 1))
    with figure_to(output_png, width, height) as figure:
        if not rows:
            figure.text(0.5, 0.5, "no run has errors of single nodes", ha="center", va="center")
            return
        above, below = figure.subplots(2, 1, sharex=True)
        for axes, (key, title) in zip((above, below), _PANELS.items(), strict=True):
            errors = [{node: e[key] for node, e in run.parts[part].node_errors.items()} for run, part in rows]
            anchored = zip(errors, [_anchor(run) for run, _ in rows], strict=True)
            texts = [[_text(of_run, node, anchor) for node in nodes] for of_run, anchor in anchored]
            values = np.array([[of_run.get(node, np.nan) for node in nodes] for of_run in errors])
            _draw_scale(figure, axes, _draw_panel(axes, values, texts))
            axes.set_yticks(range(len(rows)), [_label(run, part, names) for run, part in rows], fontsize=8)
            axes.set_title(title)
        if any(_anchor(run) in nodes for run, _ in rows):
            below.set_xlabel("* anchor of the model: crops were centred on its true place, so its errors flatter")
        below.set_xticks(range(len(nodes)), [shorten(node) for node in nodes], rotation=90)


def _anchor(run: Run) -> str | None:
    return run.settings.values.get("head.anchor_part") if run.model_type == "centered_instance" else None


def _label(run: Run, part: str, names: Mapping[str, str]) -> str:
    return names[run.name] + ("" if part == "test" else f" ({part})")


def _text(errors: Mapping[str, float], node: str, anchor: str | None) -> str:
    if node not in errors:
        return ""
    value = errors[node]
    text = "none" if np.isnan(value) else f"{value:.0f}" if value >= 99.5 else f"{value:.2g}"
    return text + ("*" if node == anchor else "")


def _draw_panel(axes: Axes, values: Array, texts: Sequence[Sequence[str]]) -> AxesImage:
    shown = np.maximum(values, _LEAST_PX)
    known = shown[np.isfinite(shown)]
    # At least a factor of four from lightest to darkest, so that small differences do not look like large ones.
    middle = np.sqrt(known.min() * known.max()) if len(known) else 1.0
    norm = LogNorm(min(known.min(initial=middle), middle / 2), max(known.max(initial=middle), middle * 2))
    colours = mpl.colormaps[_COLOURS].with_extremes(bad=_NOTHING)
    image = axes.imshow(shown, cmap=colours, norm=norm, aspect="auto")
    for row, column in np.ndindex(values.shape):
        colour = "white" if norm(float(shown[row, column])) > _DARK_FROM else "black"
        axes.text(column, row, texts[row][column], ha="center", va="center", fontsize=7, color=colour)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xticks(np.arange(values.shape[1] + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(values.shape[0] + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=1.5)
    axes.tick_params(which="both", length=0)
    return image


def _draw_scale(figure: Figure, axes: Axes, image: AxesImage) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=12)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    bar.ax.yaxis.set_minor_locator(NullLocator())
