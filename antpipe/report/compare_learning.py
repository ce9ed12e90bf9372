"""A figure of how the training of all runs went, on one page."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from antpipe.evaluation.runs import Run
from antpipe.geometry import Array
from antpipe.report.colours import BLUE, VERMILLION, hexadecimal
from antpipe.report.figure import figure_to, show_logarithmic

_MOST_COLUMNS = 4
_TRAINING, _VALIDATION, _OTHERS = hexadecimal(BLUE), hexadecimal(VERMILLION), "#cfcfcf"


def plot_all_learning_curves(runs: Sequence[Run], names: Mapping[str, str], output_png: str | Path) -> None:
    """Draw loss by epoch, one small picture per run, with the validation losses of the others behind it in gray.

    Runs of one model type share their scales; losses of different types do not compare.

    Args:
        runs: from left to right and top to bottom; those without a training log say so.
        names: short names of runs.
        output_png: the figure.
    """
    types = list(dict.fromkeys(run.model_type for run in runs))
    by_type = {name: [run for run in runs if run.model_type == name] for name in types}
    columns = min(max(map(len, by_type.values())), _MOST_COLUMNS)
    heights = {name: math.ceil(len(of_type) / columns) for name, of_type in by_type.items()}
    with figure_to(output_png, max(2.9 * columns, 5.5), 0.8 + 2.3 * sum(heights.values())) as figure:
        grid = figure.add_gridspec(sum(heights.values()), columns)
        first = 0
        for name, of_type in by_type.items():
            shared: Axes | None = None
            for number, run in enumerate(of_type):
                place = grid[first + number // columns, number % columns]
                shared = axes = figure.add_subplot(place, sharex=shared, sharey=shared)
                best = _draw_run(axes, run, of_type)
                axes.set_title(f"{name}\n{names[run.name]}", fontsize=8)
                axes.tick_params(labelleft=number % columns == 0, labelsize=8)
                axes.set_xlabel(f"Epoch{best}", fontsize=8)
                axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
                axes.set_ylabel("Loss" if number % columns == 0 else "", fontsize=8)
            first += heights[name]
        several = any(len(of_type) > 1 for of_type in by_type.values())
        figure.legend(handles=_legend(several), loc="outside lower center", ncols=2 if columns < 3 else 4, fontsize=8)


def _draw_run(axes: Axes, run: Run, others: Sequence[Run]) -> str:
    """Draw the lines of a run, and return which epoch was best in words."""
    for other in others:
        if other is not run:
            _draw_line(axes, other, _judged(other), color=_OTHERS, lw=0.8, zorder=1)
    if not run.log:
        axes.text(0.5, 0.5, "no training log", transform=axes.transAxes, ha="center", fontsize=8)
    _draw_line(axes, run, "loss", color=_TRAINING, lw=1.3)
    _draw_line(axes, run, "val_loss", color=_VALIDATION, lw=1.3)
    show_logarithmic(axes)
    judged = run.log.get(_judged(run), np.array([]))
    if not np.isfinite(judged).any():
        return ""
    best = int(np.nanargmin(judged))
    epoch, loss = run.log["epoch"][best], judged[best]
    axes.plot(epoch, loss, "o", ms=7, mfc="none", mec="black", mew=1.2)
    return f" (best: {epoch:.0f}, loss {loss:.3g})"


def _judged(run: Run) -> str:
    """Return the column by which the best epoch is told: that of validation, if anything was validated."""
    return "val_loss" if np.isfinite(run.log.get("val_loss", np.array([]))).any() else "loss"


def _draw_line(axes: Axes, run: Run, column: str, **style: object) -> None:
    values = run.log.get(column)
    if values is not None:
        # A logarithmic axis has no place for zero.
        shown: Array = np.where(values > 0, values, np.nan)
        axes.plot(run.log["epoch"], shown, **style)  # type: ignore[arg-type]


def _legend(several: bool) -> list[Line2D]:
    others = [Line2D([], [], color=_OTHERS, lw=1.3, label="validation of the other runs of this type")]
    return [
        Line2D([], [], color=_TRAINING, lw=1.3, label="training"),
        Line2D([], [], color=_VALIDATION, lw=1.3, label="validation"),
        *(others if several else []),
        Line2D([], [], ls="", marker="o", ms=7, mfc="none", mec="black", label="best epoch"),
    ]
