"""A figure of where animals were, and for how long."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from antpipe.geometry import Array
from antpipe.report.figure import figure_to
from antpipe.report.trajectories_ground import Ground, show_scene

_FIELDS = 64
"""About as many fields along the longer side."""


def plot_occupancy(ground: Ground, output_png: str | Path) -> None:
    """Draw for how long animals were in each field of the scene, on a logarithmic scale.

    All animals count, tracked or not; two of them for one second are two seconds. The poses are read as a stream.
    """
    side = field_side(ground)
    seconds, edges = seconds_by_field(ground, side)
    shape = ground.image.shape
    with figure_to(output_png, 7.2, 5.4 * shape[0] / shape[1] + 0.8) as figure:
        figure.set_layout_engine("compressed")  # for axes whose shape is fixed
        axes = figure.add_subplot()
        show_scene(axes, ground.image, ground)
        limits = axes.axis()
        axes.set_title(f"Time that animals spent in each field of {side:g} x {side:g} {ground.unit}")
        shown = np.ma.masked_equal(seconds, 0)
        if shown.count():
            scale = LogNorm(vmin=shown.min(), vmax=max(shown.max(), 1.001 * shown.min()))
            fields = axes.pcolormesh(*edges, shown, norm=scale, cmap=_colours(ground.dark), alpha=0.9, linewidth=0)
            bar = figure.colorbar(fields, cax=axes.inset_axes((1.02, 0, 0.03, 1)), label="Time (s)")
            bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
            bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            bar.ax.yaxis.set_minor_locator(NullLocator())
        axes.axis(limits)


def _colours(dark: bool) -> ListedColormap:
    """Return colours of which the weakest stands out from the scene, and the strongest most."""
    steps = np.linspace(0.3, 1, 256) if dark else np.linspace(0.85, 0.1, 256)
    return ListedColormap(colormaps["inferno"](steps))


def field_side(ground: Ground) -> float:
    """Return the side of a field in the unit of the scene: 1, 2 or 5 times a power of ten."""
    height, width = ground.image.shape[:2]
    longer = max(width * ground.to_unit.scale[0], height * ground.to_unit.scale[1])
    power = 10.0 ** np.floor(np.log10(longer / _FIELDS))
    return float(min((f * power for f in (1, 2, 5, 10)), key=lambda side: abs(np.log(side * _FIELDS / longer))))


def seconds_by_field(ground: Ground, side: float) -> tuple[Array, tuple[Array, Array]]:
    """Return the seconds (rows, columns) in each field, and the edges of the fields along x and y."""
    height, width = ground.image.shape[:2]
    low, high = ground.to_unit(np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]]))
    first = np.floor(low / side).astype(int)
    columns, rows = np.ceil(high / side).astype(int) - first
    counts = np.zeros((rows, columns), np.int64)
    for _, in_image in ground.places():
        places = ground.to_unit(in_image)
        places = places[((places >= low) & (places < high)).all(axis=1)]
        column, row = (np.floor(places / side).astype(int) - first).T
        counts += np.bincount(row * columns + column, minlength=counts.size).reshape(counts.shape)
    edges = (first[0] + np.arange(columns + 1)) * side, (first[1] + np.arange(rows + 1)) * side
    return counts / ground.source.info.video.fps, edges
