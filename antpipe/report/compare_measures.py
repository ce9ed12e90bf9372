"""A figure of what was measured on all runs: one row per run, one column per measure, with intervals."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from antpipe.evaluation.compare import Best
from antpipe.evaluation.measures import find_measure
from antpipe.evaluation.runs import Run
from antpipe.report.colours import BLUE, VERMILLION, hexadecimal
from antpipe.report.compare_groups import MOST_SHOWN, Ranking, describe_group, group_of, ranked_runs, shown_measures
from antpipe.report.figure import figure_to

_LOGARITHMIC_FROM = 8.0
_GRAY = "#767676"
_LOOKS = {
    "best, or not distinguishable from it": hexadecimal(BLUE),
    "worse than the best": hexadecimal(VERMILLION),
    "cannot be told, or nothing to compare with": _GRAY,
}
_CONTEXT = {"val": ("validation", "D"), "train": ("training", "s")}
_HEADING_WIDTH, _XLABEL_WIDTH = 110, 30
_SMALL: dict[str, Any] = {"ms": 3.5, "mfc": "white", "mec": _GRAY, "mew": 0.9}


def plot_measures(rankings: Sequence[Ranking], names: Mapping[str, str], output_png: str | Path) -> None:
    """Draw the measures of all runs as dots with their intervals, group by group, the best run of a group on top.

    The large dot is the part by which runs are compared, and its colour says whether the run is as good as the best;
    the small ones are the other parts. A measure has one scale in all groups of a model type.

    Args:
        rankings: by group of runs that rank with each other the best one by measure, see `best_runs`; a group without
            a measure that is shown is left out.
        names: short names of the runs that are drawn.
        output_png: the figure.
    """
    shown = [{key: ranking[key] for key in shown_measures(ranking)} for ranking in rankings]
    drawn = [ranking for ranking in shown if ranking and any(run.name in names for run in group_of(ranking).runs)]
    heights = [0.95 + 0.42 * sum(run.name in names for run in group_of(ranking).runs) for ranking in drawn]
    with figure_to(output_png, 11.5, 0.9 + max(sum(heights), 1)) as figure:
        if not drawn:
            figure.text(0.5, 0.5, "no run has figures that can be compared", ha="center", va="center")
            return
        grid = figure.add_gridspec(len(drawn), MOST_SHOWN, height_ratios=heights)
        scales: dict[tuple[str, str], Axes] = {}
        for row, ranking in enumerate(drawn):
            columns: list[Axes] = []
            for column, key in enumerate(ranking):
                place = (group_of(ranking).model_type, key)
                shared = {"sharex": scales.get(place), "sharey": columns[0] if columns else None}
                columns.append(figure.add_subplot(grid[row, column], **shared))
                scales.setdefault(place, columns[-1])
            _draw_group(columns, ranking, names)
        _set_scales(scales, drawn)
        figure.legend(handles=_legend(drawn), loc="outside lower center", ncols=6, fontsize=8, handletextpad=0.3)


def _draw_group(columns: Sequence[Axes], ranking: Ranking, names: Mapping[str, str]) -> None:
    group, order = group_of(ranking), [run for run in ranked_runs(ranking) if run.name in names]
    for axes, (key, best) in zip(columns, ranking.items(), strict=True):
        for row, run in enumerate(order):
            _draw_run(axes, row, run, group.part, best)
        axes.set_xlabel(_axis_words(key))
        axes.tick_params(labelleft=axes is columns[0], left=False)
        axes.grid(axis="both", lw=0.4, alpha=0.5)
    columns[0].set_yticks(range(len(order)), [names[run.name] for run in order], fontsize=8)
    columns[0].set_ylim(len(order) - 0.4, -0.6)
    _draw_heading(columns[0], textwrap.fill(describe_group(group), _HEADING_WIDTH))


def _draw_heading(axes: Axes, text: str) -> None:
    # A title would widen the first column to its length, so this is a note; an empty title leaves room for its height.
    style: dict[str, Any] = {"fontsize": 10, "fontweight": "bold", "annotation_clip": False}
    note = axes.annotate(text, (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points", **style)
    note.set_in_layout(False)
    axes.set_title("\n".join(" " for _ in text.splitlines()), loc="right")


def _axis_words(key: str) -> str:
    measure = find_measure(key)
    better = "" if measure is None else f"\n{'higher' if measure.higher else 'lower'} is better"
    return textwrap.fill(key if measure is None else measure.words, _XLABEL_WIDTH) + better


def _draw_run(axes: Axes, row: int, run: Run, part: str, best: Best) -> None:
    key = best.measure
    for other, (_, marker) in _CONTEXT.items():
        if other != part and other in run.parts and key in run.parts[other].values:
            axes.plot(run.parts[other].values[key], row + 0.24, marker, **_SMALL)
    if key not in run.parts[part].values:
        axes.annotate("not measured", (0.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=7)
        return
    value, colour = run.parts[part].values[key], _LOOKS[_standing(run, best)]
    if key in run.parts[part].intervals:
        axes.plot(run.parts[part].intervals[key], [row, row], color=colour, lw=4, alpha=0.45, solid_capstyle="butt")
    axes.plot(value, row, "o", ms=5, color=colour)
    axes.annotate(f"{value:.3g}", (value, row), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=7)


def _standing(run: Run, best: Best) -> str:
    good, bad, unknown = _LOOKS
    if len(best.group.runs) == 1:
        return unknown
    if run is best.run or run.name in best.alike:
        return good
    return bad if run.name in best.worse else unknown


def _set_scales(scales: Mapping[tuple[str, str], Axes], rankings: Sequence[Ranking]) -> None:
    """Let shares go from 0 to 1, and all else from 0, or by powers of ten where values differ manifold."""
    for (model_type, key), axes in scales.items():
        runs = [run for r in rankings if group_of(r).model_type == model_type for run in group_of(r).runs]
        values = [part.values[key] for run in runs for part in run.parts.values() if key in part.values]
        measure = find_measure(key)
        if measure is not None and measure.higher:
            axes.set_xlim(-0.04, 1.04)
        elif min(values) > 0 and max(values) > _LOGARITHMIC_FROM * min(values):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.margins(x=0.1)
        else:
            axes.set_xlim(-0.04 * (max(values) or 1), 1.15 * (max(values) or 1))


def _legend(rankings: Sequence[Ranking]) -> list[Line2D]:
    parts = {group_of(ranking).part for ranking in rankings}
    bests = [best for ranking in rankings for best in ranking.values()]
    used = {_standing(run, best) for best in bests for run in best.group.runs}
    marks = [
        Line2D([], [], marker="o", ms=5, ls="", color=colour, label=words)
        for words, colour in _LOOKS.items()
        if words in used
    ]
    if any(best.interval for best in bests):
        marks.append(Line2D([], [], color=_GRAY, lw=4, alpha=0.45, label="95 % interval"))
    others = [item for name, item in _CONTEXT.items() if parts != {name}]
    return [*marks, *(Line2D([], [], ls="", marker=m, label=w, **_SMALL) for w, m in others)]
