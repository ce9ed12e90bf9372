"""The pictures of one tracked video."""

from pathlib import Path

import numpy as np

from antpipe.config.report import ReportConfig
from antpipe.poses_file import iter_poses, read_info
from antpipe.report.overlay import overlay_still, render_overlay
from antpipe.report.timeline import plot_track_timeline


def draw_video(
    video: str | Path,
    tracks: str | Path,
    config: ReportConfig,
    *,
    overlay: str | Path,
    still: str | Path,
    timeline: str | Path,
) -> None:
    """Draw the overlay video, one frame of it, and the tracks over time."""
    render_overlay(
        video,
        tracks,
        overlay,
        seconds=config.overlay_seconds,
        max_width=config.overlay_width,
        trail_seconds=config.trail_seconds,
        labels=config.track_names,
        scores=config.scores,
    )
    overlay_still(
        video,
        tracks,
        busiest_frame(tracks),
        still,
        max_width=config.overlay_width,
        trail_seconds=config.trail_seconds,
        labels=config.track_names,
        scores=config.scores,
    )
    plot_track_timeline(tracks, timeline)


def busiest_frame(tracks: str | Path) -> int:
    """Return the first frame with the most animals; the first one examined where there are none."""
    best, most = read_info(tracks).frames[0][0], 0
    for poses in iter_poses(tracks):
        frames, counts = np.unique(poses.frame_idx, return_counts=True)
        if len(counts) and counts.max() > most:
            best, most = int(frames[counts.argmax()]), int(counts.max())
    return best
