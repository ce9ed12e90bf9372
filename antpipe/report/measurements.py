"""A figure of what was measured beside the features of one track, and of how they go together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from antpipe.config.measurements import CompareConfig
from antpipe.features.compare import Comparison, compare, write_comparisons
from antpipe.features.joined_read import Joined, read_joined
from antpipe.geometry import Array
from antpipe.report.colours import BLUE, ORANGE, PALETTE, VERMILLION, Colour, hexadecimal
from antpipe.report.figure import figure_to, shorten, show_time

_DARK: Colour = (28, 28, 28)
_COLOURS = (BLUE, ORANGE, VERMILLION, *(c for c in PALETTE if c not in (BLUE, ORANGE, VERMILLION)))
"""Of features, in turn; the first two are those of the hind legs."""


def draw_measurements(
    joined_path: str | Path, output_png: str | Path, output_tsv: str | Path, config: CompareConfig
) -> None:
    """Draw measured values and features of one track over time, and below their correlation at every lag.

    The track is the one seen in the most frames. Correlations are over the frames with both values, and those of all
    tracks go to a tab-separated file.
    """
    joined = read_joined(joined_path, config.features)
    comparisons = list(compare(joined, config))
    write_comparisons(output_tsv, comparisons, joined.fps)
    track = max(joined.tracks, key=lambda name: len(joined.tracks[name][0]), default="")
    traces = _traces(joined, track)
    shown = [c for c in comparisons if c.track == track]
    with figure_to(output_png, 7.2, 1.5 * len(traces) + 2.6) as figure:
        panels = figure.subplots(len(traces) + 1, 1, height_ratios=[1.0] * len(traces) + [1.6])
        for axes, (name, values, colour) in zip(panels, traces, strict=False):
            _draw_trace(axes, joined, values, colour)
            axes.set_title(shorten(name) if name in joined.measured else f"{shorten(name)}, track {shorten(track)}")
            axes.set_ylabel(joined.units[name])
        for axes in panels[:-2]:
            axes.tick_params(labelbottom=False)
            axes.set_xlabel("")
        _draw_correlations(panels[-1], shown, joined.fps)


def _traces(joined: Joined, track: str) -> list[tuple[str, Array, Colour]]:
    """Return name, values (frames,) and colour of each panel over time."""
    traces = [(name, values, _DARK) for name, values in joined.measured.items()]
    if track:
        places, features = joined.tracks[track]
        for i, (name, found) in enumerate(features.items()):
            values = np.full(len(joined.raw_time_s), np.nan)
            values[places] = found
            traces.append((name, values, _COLOURS[i % len(_COLOURS)]))
    return traces


def _draw_trace(axes: Axes, joined: Joined, values: Array, colour: Colour) -> None:
    time = joined.raw_time_s
    # A point between two gaps has no line, so it gets a dot.
    alone = ~np.isnan(values) & np.isnan(np.append(values[1:], np.nan)) & np.isnan(np.append(np.nan, values[:-1]))
    axes.plot(time, values, lw=0.8, color=hexadecimal(colour))
    axes.plot(time[alone], values[alone], ".", ms=2, color=hexadecimal(colour))
    seen = time[~np.isnan(time)]
    show_time(axes, *((seen[0], seen[-1]) if len(seen) else (0.0, 0.0)))
    axes.set_xlabel(axes.get_xlabel().replace("in the video", "in the raw video"))


def _draw_correlations(axes: Axes, shown: Sequence[Comparison], fps: float) -> None:
    several = len({c.measured for c in shown}) > 1
    for i, comparison in enumerate(shown):
        lags, values, _ = comparison.correlations
        colour = hexadecimal(_COLOURS[i % len(_COLOURS)])
        name = f"{comparison.measured}, {comparison.feature}" if several else comparison.feature
        axes.plot(lags / fps, values, lw=1.2, color=colour, label=_words(name, comparison, fps))
        best = comparison.correlations.best
        if best is not None:
            axes.plot(lags[best] / fps, values[best], "o", ms=4, color=colour)
    axes.axhline(0, lw=0.5, color=hexadecimal(_DARK))
    axes.axvline(0, lw=0.5, color=hexadecimal(_DARK))
    axes.set_ylim(-1.05, 1.05)
    axes.set_title("Correlation at each lag")
    axes.set_ylabel("Pearson's r")
    axes.set_xlabel("Lag of the feature behind what is measured (s)")
    if shown:
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.32), fontsize=8, borderaxespad=0)
    else:
        axes.text(0.5, 0.75, "nothing to compare: no track, or no feature", transform=axes.transAxes, ha="center")


def _words(name: str, comparison: Comparison, fps: float) -> str:
    lags, values, samples = comparison.correlations
    best = comparison.correlations.best
    if best is None:
        return f"{shorten(name)}: too few frames with both values, or no change"
    return f"{shorten(name)}: r = {values[best]:+.3f} at {lags[best] / fps:+.3f} s, {samples[best]:,} frames"
