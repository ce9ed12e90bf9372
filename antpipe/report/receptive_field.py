"""A figure of how much of an animal the network sees at once."""

import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from antpipe.geometry import Array, bounding_boxes
from antpipe.report.colours import BLUE, ORANGE, VERMILLION, hexadecimal
from antpipe.report.figure import figure_to, shorten

_ANIMAL, _ENOUGH, _TOO_SMALL = (hexadecimal(colour) for colour in (ORANGE, BLUE, VERMILLION))


def plot_receptive_field(
    image: Array,
    points: Array,
    field: float,
    animal: float,
    scale: float,
    output_png: str | Path,
    *,
    title: str = "",
) -> None:
    """Draw the receptive field of a network around an animal of median size, and the animal's bounding box.

    Where the field is smaller than the animal, its box is red and the figure says so.

    Args:
        image: (height, width, 1 or 3), uint8.
        points: of the animal (nodes, 2) in pixels of the image, NaN where not visible.
        field: side of the receptive field in pixels of the image, infinite for the whole image.
        animal: longest side of the median animal's bounding box in pixels of the image.
        scale: factor from pixels of the image to those of the network's input, in which the text counts.
        output_png: the figure.
        title: which frame it is.
    """
    small = field < animal
    colour = _TOO_SMALL if small else _ENOUGH
    with figure_to(output_png, 5.5, 5.9) as figure:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        (box,) = bounding_boxes(points[None])
        _draw_box(axes, box, _ANIMAL, f"median animal: {animal * scale:.0f} px")
        if math.isfinite(field):
            middle = np.tile((box[:2] + box[2:]) / 2, 2)
            _draw_box(
                axes, middle + field / 2 * np.array([-1, -1, 1, 1]), colour, f"receptive field: {field * scale:.0f} px"
            )
        else:
            axes.plot([], [], color=colour, label="receptive field: the whole image")
        axes.plot(points[:, 0], points[:, 1], ls="", marker="o", ms=3, mfc=_ANIMAL, mec="none")
        axes.set_xlim(-0.5, image.shape[1] - 0.5)
        axes.set_ylim(image.shape[0] - 0.5, -0.5)
        axes.set_title(shorten(title), fontsize=8, fontweight="normal")
        if small:
            warning = "The network does not see a whole animal at once:\nraise max_stride, or lower input.scale"
            figure.suptitle(warning, color=_TOO_SMALL, fontweight="bold", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, title="in pixels of the network's input")


def _draw_box(axes: Axes, box: Array, colour: str, label: str) -> None:
    corner, size = box[:2], box[2:] - box[:2]
    axes.add_patch(Rectangle(corner.tolist(), *size.tolist(), fill=False, edgecolor=colour, lw=1.8, label=label))
