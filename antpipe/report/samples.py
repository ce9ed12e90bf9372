"""A figure of example frames with truth and prediction drawn on them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from antpipe.geometry import Array
from antpipe.poses import Skeleton
from antpipe.report.colours import ORANGE, SKY, hexadecimal
from antpipe.report.figure import figure_to

_TRUTH, _PREDICTION = hexadecimal(SKY), hexadecimal(ORANGE)


def plot_examples(
    images: Sequence[Array],
    truth_points: Sequence[Array],
    predicted_points: Sequence[Array],
    skeleton: Skeleton,
    output_png: str | Path,
    *,
    titles: Sequence[str] = (),
) -> None:
    """Draw example frames or crops in a grid: truth as hollow circles, prediction as filled dots with edges.

    Args:
        images: (height, width), (height, width, 1) or (height, width, 3) RGB, uint8.
        truth_points: per image, (instances, nodes, 2) in pixels of that image; NaN is not drawn.
        predicted_points: as `truth_points`; the number of instances may differ.
        skeleton: its edges are drawn between predicted points.
        output_png: the figure.
        titles: one per image, or none at all.
    """
    columns = min(max(math.ceil(math.sqrt(len(images))), 1), 4)
    rows = max(math.ceil(len(images) / columns), 1)
    with figure_to(output_png, 2.6 * columns + 0.4, 2.6 * rows + 0.6) as figure:
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for i, image in enumerate(images):
            _draw_example(grid[i], image, truth_points[i], predicted_points[i], skeleton)
            if titles:
                grid[i].set_title(titles[i], fontsize=8, fontweight="normal")
        if not len(images):
            grid[0].text(0.5, 0.5, "no examples", ha="center", va="center")
        figure.legend(handles=_legend(), loc="outside lower center", ncols=2)


def _draw_example(axes: Axes, image: Array, truth: Array, predicted: Array, skeleton: Skeleton) -> None:
    axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for points in predicted:
        for a, b in skeleton.edge_indices():
            axes.plot(points[[a, b], 0], points[[a, b], 1], color=_PREDICTION, lw=0.8, alpha=0.8)
        axes.plot(points[:, 0], points[:, 1], **_dot(_PREDICTION, filled=True))
    for points in truth:
        axes.plot(points[:, 0], points[:, 1], **_dot(_TRUTH, filled=False))
    height, width = image.shape[:2]
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)


def _dot(colour: str, *, filled: bool) -> dict[str, Any]:
    if filled:
        return {"ls": "", "marker": "o", "ms": 2.5, "mfc": colour, "mec": "none"}
    return {"ls": "", "marker": "o", "ms": 5, "mfc": "none", "mec": colour, "mew": 0.9}


def _legend() -> list[Line2D]:
    marks = [("truth", _TRUTH, False), ("prediction", _PREDICTION, True)]
    return [Line2D([], [], label=label, **_dot(colour, filled=filled)) for label, colour, filled in marks]
