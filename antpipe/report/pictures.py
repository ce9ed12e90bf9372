"""All pictures of one tracked video."""

from pathlib import Path

from antpipe.config.features import FeaturesConfig
from antpipe.config.report import ReportConfig
from antpipe.report.continuity_figure import draw_continuity
from antpipe.report.traces import plot_traces
from antpipe.report.trajectories_draw import draw_trajectories
from antpipe.report.video import draw_video


def draw_pictures(
    video: str | Path,
    tracks: str | Path,
    events: str | Path,
    measured: str | Path | None,
    config: ReportConfig,
    features: FeaturesConfig,
    *,
    overlay: str | Path,
    still: str | Path,
    timeline: str | Path,
    continuity: str | Path,
    per_track: str | Path,
    to_check: str | Path,
    trajectories: str | Path,
    occupancy: str | Path,
    traces: str | Path | None = None,
) -> None:
    """Draw the film with its poses, and its tracks over time and in space; and the angles, where they were measured.

    Args:
        video: the film.
        tracks: its tracks.
        events: what happened to them, as written beside them.
        measured: its features; only for `traces`.
        config: how to draw.
        features: settings of this video's features, for the place of an animal and for millimetres.
        overlay: the film with poses and tracks, as `draw_video` makes it.
        still: a frame of it.
        timeline: the tracks over time.
        continuity: breaks and doubts of tracks, as `draw_continuity` draws them.
        per_track: its table of tracks.
        to_check: its table of moments.
        trajectories: where each animal went, as `draw_trajectories` draws it.
        occupancy: where animals were.
        traces: angles over time, as `plot_traces` draws them.
    """
    draw_video(video, tracks, config, overlay=overlay, still=still, timeline=timeline)
    draw_continuity(video, tracks, events, figure=continuity, per_track=per_track, to_check=to_check)
    draw_trajectories(video, tracks, features, trajectories=trajectories, occupancy=occupancy)
    if measured is not None and traces is not None:
        plot_traces(measured, traces, seconds=config.overlay_seconds)
