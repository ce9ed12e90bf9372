"""A figure of when each track was there, and of how many animals were seen."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from antpipe.geometry import Array
from antpipe.report.colours import BLUE, SKY, hexadecimal, track_colours
from antpipe.report.figure import figure_to, shorten, show_time
from antpipe.report.track_record import TrackRecord, record_tracks

_NAMES_SHOWN = 50
_BINS = 2000


def plot_track_timeline(poses_path: str | Path, output_png: str | Path) -> None:
    """Draw each track as a bar over the video's time, and below it the number of animals in each frame.

    Gaps in a bar are frames without the animal. Where there are more frames than the figure can show, the lower
    panel shows the range and the mean of neighbouring frames.
    """
    record = record_tracks(poses_path)
    rows = max(len(record.runs), 1)
    height = float(np.clip(0.2 * rows, 0.8, 9))
    with figure_to(output_png, 7.2, height + 2.4) as figure:
        grid = figure.add_gridspec(2, 1, height_ratios=[height, 1.4])
        above = figure.add_subplot(grid[0])
        below = figure.add_subplot(grid[1], sharex=above)
        _draw_bars(above, record)
        _draw_counts(below, record)
        above.tick_params(labelbottom=False)
        start, stop = _span_s(record)
        show_time(below, start, stop)


def _span_s(record: TrackRecord) -> tuple[float, float]:
    if not len(record.frames):
        return 0.0, 0.0
    fps = record.info.video.fps
    return float(record.frames[0]) / fps, float(record.frames[-1] + 1) / fps


def _draw_bars(axes: Axes, record: TrackRecord) -> None:
    names = list(record.runs)
    colours = track_colours(names)
    for row, name in enumerate(names):
        axes.broken_barh(record.bars_s(name), (row - 0.36, 0.72), lw=0.5, color=hexadecimal(colours[name]))
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_title(f"{len(names)} track{'' if len(names) == 1 else 's'}")
    if len(names) > _NAMES_SHOWN:
        axes.set_ylabel("Track, by first appearance")
    else:
        axes.set_yticks(range(len(names)), [shorten(name) for name in names])
    if not names:
        axes.text(0.5, 0.5, "no tracks", transform=axes.transAxes, ha="center", va="center")


def _draw_counts(axes: Axes, record: TrackRecord) -> None:
    axes.set_title("Animals in each frame")
    axes.set_ylabel("Animals")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if not len(record.frames):
        return
    edges, low, mean, high = _binned(record.animals)
    time = np.append(record.frames[edges], record.frames[-1] + 1) / record.info.video.fps
    axes.fill_between(
        time, np.append(low, low[-1]), np.append(high, high[-1]), step="post", color=hexadecimal(SKY), alpha=0.5, lw=0
    )
    axes.step(time, np.append(mean, mean[-1]), where="post", lw=1, color=hexadecimal(BLUE))
    axes.set_ylim(0, max(record.animals.max() * 1.1, 1))


def _binned(values: Array) -> tuple[Array, Array, Array, Array]:
    """Return the first index, lowest, mean and highest value of up to `_BINS` runs of neighbouring values."""
    edges = np.unique(np.linspace(0, len(values), min(len(values), _BINS), endpoint=False).astype(np.int64))
    sizes = np.diff(np.append(edges, len(values)))
    low, high = np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)
    return edges, low, np.add.reduceat(values, edges) / sizes, high
