"""A figure of joint angles over time, one panel each, one line per track."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from antpipe.errors import ConfigError
from antpipe.geometry import Array
from antpipe.poses import PosesInfo
from antpipe.poses_file import iter_poses, read_info
from antpipe.report.colours import PALETTE, hexadecimal, natural_order, track_colours
from antpipe.report.figure import figure_to, shorten, show_time

MOST_TRACKS = len(PALETTE)
"""Tracks that are drawn where none are chosen: as many as there are colours."""
_PREFIX = "angle."


class _Rows(NamedTuple):
    """Instances that have a track, by frame."""

    frame: Array
    """(rows,) counted from the first frame drawn."""
    track: Array
    values: Array
    """(rows, features) NaN where missing."""


def plot_traces(
    features_path: str | Path, output_png: str | Path, *, seconds: float | None = None, tracks: Sequence[str] = ()
) -> None:
    """Draw every joint angle of a features file over time; where it has none, every other feature.

    A gap in a line is a frame without the track, or without one of the nodes.

    Args:
        features_path: poses with features.
        output_png: the figure.
        seconds: only so much from the first frame examined, as in the overlay video. None: all.
        tracks: which to draw; by default those seen in the most frames, as many as there are colours.

    Raises:
        ConfigError: if a chosen track is not there.
    """
    info = read_info(features_path)
    names = [name for name in info.features if name.startswith(_PREFIX)] or list(info.features)
    start, stop = _span(info, seconds)
    rows = _read_rows(features_path, names, start, stop)
    counts = Counter(rows.track)
    shown = _choose(counts, tracks, features_path)
    with figure_to(output_png, 7.2, 1.15 * max(len(names), 1) + 1.2) as figure:
        panels = figure.subplots(max(len(names), 1), 1, sharex=True, squeeze=False)[:, 0]
        for track, colour in track_colours(shown).items():
            own = rows.track == track
            lines = np.full((stop - start, len(names)), np.nan)
            lines[rows.frame[own]] = rows.values[own]
            for axes, line in zip(panels, lines.T, strict=False):
                _draw_line(axes, np.arange(start, stop) / info.video.fps, line, hexadecimal(colour), shorten(track))
        for axes, name in zip(panels, names, strict=False):
            axes.set_title(shorten(name.removeprefix(_PREFIX)))
            axes.set_ylabel(info.features[name]["unit"])
        show_time(panels[-1], start / info.video.fps, stop / info.video.fps)
        if not names:
            panels[0].set_title("Nothing was measured")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, title=_heading(len(shown), len(counts)))


def _span(info: PosesInfo, seconds: float | None) -> tuple[int, int]:
    """Return the half-open range of frames that is drawn."""
    if not info.frames:
        return 0, 0
    start, stop = info.frames[0][0], info.frames[-1][1]
    return start, stop if seconds is None else min(stop, start + max(1, round(seconds * info.video.fps)))


def _read_rows(path: str | Path, names: Sequence[str], start: int, stop: int) -> _Rows:
    parts = [_Rows(np.zeros(0, np.int64), np.zeros(0, object), np.zeros((0, len(names))))]
    for poses in iter_poses(path):
        if len(poses) and poses.frame_idx[0] >= stop:
            break
        drawn = (poses.track != None) & (poses.frame_idx >= start) & (poses.frame_idx < stop)  # noqa: E711
        values = np.zeros((len(poses), len(names)), np.float32)
        for column, name in enumerate(names):
            values[:, column] = poses.features[name]
        parts.append(_Rows(poses.frame_idx[drawn] - start, poses.track[drawn], values[drawn]))
    return _Rows(*map(np.concatenate, zip(*parts, strict=True)))


def _choose(counts: Counter[str], tracks: Sequence[str], path: str | Path) -> list[str]:
    unknown = [track for track in tracks if track not in counts]
    if unknown:
        known = sorted(counts, key=natural_order)
        raise ConfigError(f"{path}: no track {unknown[0]!r} in what is drawn; choose among {known}")
    return list(tracks) or [track for track, _ in counts.most_common(MOST_TRACKS)]


def _draw_line(axes: Axes, time_s: Array, values: Array, colour: str, label: str) -> None:
    axes.plot(time_s, values, lw=0.8, color=colour, label=label)
    # A point between two gaps has no line, so it gets a dot.
    missing = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    alone = missing[:-2] & ~missing[1:-1] & missing[2:]
    axes.plot(time_s[alone], values[alone], ".", ms=2, color=colour)


def _heading(shown: int, all_tracks: int) -> str:
    if not all_tracks:
        return "no tracks"
    return "Tracks" if shown == all_tracks else f"{shown} of {all_tracks} tracks, those seen in the most frames"
