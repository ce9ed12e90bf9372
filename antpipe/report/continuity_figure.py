"""A figure of how continuous the tracks of a film are, with pictures of the moments most in doubt."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from antpipe.geometry import Array
from antpipe.report.colours import VERMILLION, hexadecimal, track_colours
from antpipe.report.continuity import (
    SURE,
    TrackContinuity,
    moments_to_check,
    track_continuity,
    write_moments,
    write_tracks,
)
from antpipe.report.continuity_pictures import moment_pictures
from antpipe.report.figure import clock, figure_to, shorten, show_time
from antpipe.report.track_record import TrackRecord, record_tracks
from antpipe.tracking.events import Event, read_events

PICTURES = 12
COLUMNS = 3
MOST_BARS = 40
MARKS = {"join": "o", "repair": "X", "crossing": "D"}


def draw_continuity(
    video: str | Path,
    tracks: str | Path,
    events: str | Path,
    *,
    figure: str | Path,
    per_track: str | Path,
    to_check: str | Path,
) -> None:
    """Write how continuous the tracks of a film are, and what a person should look at.

    Args:
        video: the film.
        tracks: its tracks.
        events: what happened to them, as written beside them.
        figure: a PNG of the tracks over time, and pictures of the moments most in doubt, before and after.
        per_track: a table with tabs, one row per track.
        to_check: a table with tabs of the moments that are not sure, the most doubtful first.

    Raises:
        PosesError: if the files do not belong together.
        VideoError: if the video cannot be read.
    """
    record, happened = record_tracks(tracks), read_events(events)
    rows, moments = track_continuity(record, happened), moments_to_check(record, happened)
    write_tracks(per_track, rows)
    write_moments(to_check, moments, record.info.video.fps)
    shown = moments[:PICTURES]
    pictures = moment_pictures(video, tracks, shown, track_colours(record.runs)) if shown else []
    bars = _most_doubtful(rows)
    lines = -(-len(shown) // COLUMNS)
    above, below = float(np.clip(0.18 * len(bars), 1, 7)) + 1.2, 2.0 * lines
    with figure_to(figure, 10, above + max(below, 0.1)) as drawn:
        grid = drawn.add_gridspec(2, 1, height_ratios=[above, max(below, 0.1)])
        _draw_bars(drawn.add_subplot(grid[0]), record, bars, rows, happened, len(moments))
        if shown:
            _draw_moments(drawn, grid[1], shown, pictures, record.info.video.fps, lines)


def _most_doubtful(rows: Sequence[TrackContinuity]) -> list[TrackContinuity]:
    """Return all tracks, or those most in doubt where there are too many, in order of appearance."""
    if len(rows) <= MOST_BARS:
        return list(rows)
    worst = {row.track for row in sorted(rows, key=lambda row: row.least_confidence)[:MOST_BARS]}
    return [row for row in rows if row.track in worst]


def _draw_bars(
    axes: Axes,
    record: TrackRecord,
    bars: Sequence[TrackContinuity],
    rows: Sequence[TrackContinuity],
    events: Sequence[Event],
    doubtful: int,
) -> None:
    colours, fps = track_colours(record.runs), record.info.video.fps
    line = {row.track: number for number, row in enumerate(bars)}
    for name, number in line.items():
        axes.broken_barh(record.bars_s(name), (number - 0.3, 0.6), color=hexadecimal(colours[name]), lw=0.4)
    for kind, mark in MARKS.items():
        at = [(e.frame_idx / fps, line[e.track]) for e in events if e.kind == kind and e.track in line]
        if at:
            x, y = np.array(at).T
            axes.scatter(x, y, marker=mark, s=16, c="black", lw=0, label=kind, zorder=3)
    unsure = [(e.frame_idx / fps, line[e.track]) for e in events if e.confidence < SURE and e.track in line]
    if unsure:
        x, y = np.array(unsure).T
        axes.scatter(
            x, y, s=60, facecolors="none", edgecolors=hexadecimal(VERMILLION), lw=1.2, label="not sure", zorder=4
        )
    axes.set_yticks(range(len(bars)), [f"{shorten(row.track)}  {row.of_its_time:.0%}" for row in bars])
    axes.set_ylim(max(len(bars), 1) - 0.5, -0.5)
    axes.set_title(_title(record, rows, events, doubtful, len(bars)))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
    first, last = (record.frames[0], record.frames[-1] + 1) if len(record.frames) else (0, 1)
    show_time(axes, float(first) / fps, float(last) / fps)


def _title(
    record: TrackRecord, rows: Sequence[TrackContinuity], events: Sequence[Event], doubtful: int, shown: int
) -> str:
    seen = sum(row.frames for row in rows)
    time = sum((row.frames / row.of_its_time) for row in rows)
    count = {kind: sum(e.kind == kind for e in events) for kind in ("join", "repair")}
    share = f", seen in {seen / time:.1%} of their time, in {sum(row.pieces for row in rows)} pieces" if rows else ""
    few = f" (the {shown} most in doubt are shown)" if shown < len(rows) else ""
    return (
        f"{len(rows)} tracks{few}{share}; {count['join']} joined, {count['repair']} repaired, "
        f"{doubtful} moments to check"
    )


def _draw_moments(
    figure: Figure, place: SubplotSpec, moments: Sequence[Event], pictures: Sequence[Array], fps: float, lines: int
) -> None:
    grid = place.subgridspec(lines, COLUMNS)
    for number, (event, picture) in enumerate(zip(moments, pictures, strict=True)):
        axes = figure.add_subplot(grid[divmod(number, COLUMNS)])
        axes.imshow(picture)
        axes.set_axis_off()
        who = f"{shorten(event.track)} / {shorten(event.other)}" if event.other else shorten(event.track)
        axes.set_title(
            f"{number + 1}. {event.kind} of {who}\nframe {event.frame_idx} ({clock(event.frame_idx / fps)}), "
            f"{event.confidence:.0%} sure",
            fontsize=7,
            fontweight="normal",
        )
