"""A figure of how far predictions lie from the truth, node by node."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from antpipe.errors import ModelError
from antpipe.report.colours import BLUE, SKY, hexadecimal
from antpipe.report.figure import figure_to, shorten


def plot_node_errors(
    metrics: Mapping[str, Any], output_png: str | Path, *, title: str = "Error of each body part"
) -> None:
    """Draw the errors of each node, the largest median on top: median, 75th and 90th percentile.

    Args:
        metrics: what `strict_metrics` returns or its JSON; `nodes` has the numbers of `visible` and `lost` points and
            the percentiles `p50`, `p75` and `p90` of the distances in pixels. NaN or None where nothing was found.
        output_png: the figure.
        title: its heading.

    Raises:
        ModelError: if the metrics have no `nodes`, as those of centroids and of SLEAP.
    """
    if "nodes" not in metrics:
        raise ModelError("expected metrics with errors by node; evaluate a pose model with --mode strict")
    nodes = sorted(metrics["nodes"].items(), key=lambda item: -item[1]["p50"] if _found(item[1]) else math.inf)
    with figure_to(output_png, 7.2, 1.5 + 0.28 * max(len(nodes), 1)) as figure:
        axes = figure.add_subplot()
        for row, (_, errors) in enumerate(nodes):
            _draw_node(axes, row, errors)
        axes.set_yticks(range(len(nodes)), [_label(name, errors) for name, errors in nodes])
        axes.set_ylim(max(len(nodes), 1) - 0.5, -0.5)
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.set_xlabel(
            "Distance between prediction and truth (pixels)\n"
            "dot: median; thick line: to the 75th percentile; thin line: to the 90th\n"
            "numbers: median / 90th percentile"
        )
        axes.set_title(title)
        axes.grid(axis="x", lw=0.4, alpha=0.5)


def _found(errors: Mapping[str, Any]) -> bool:
    return errors["p50"] is not None and not math.isnan(errors["p50"])


def _label(name: str, errors: Mapping[str, Any]) -> str:
    lost = f", {errors['lost']} lost" if errors["lost"] else ""
    return f"{shorten(name)} ({errors['visible']} points{lost})"


def _draw_node(axes: Axes, row: int, errors: Mapping[str, Any]) -> None:
    if not _found(errors):
        axes.annotate("none found", (0, row), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8)
        return
    median, p75, p90 = (errors[key] for key in ("p50", "p75", "p90"))
    axes.plot([median, p90], [row, row], color=hexadecimal(BLUE), lw=1, solid_capstyle="butt")
    axes.plot([median, p75], [row, row], color=hexadecimal(SKY), lw=5, solid_capstyle="butt")
    axes.plot(median, row, "o", ms=6, color=hexadecimal(BLUE))
    text = f"{median:.1f} / {p90:.1f}"
    axes.annotate(text, (p90, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8)
