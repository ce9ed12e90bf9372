"""Room on the disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from antpipe.config.preprocess import crop_box
from antpipe.projects.note import Note, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS
from antpipe.video.glimpse import Glimpse

BYTES_PER_NODE = {"parquet": 17, "slp": 20, "analysis_h5": 24, "parquet_long": 30}
"""What a node of an animal of a frame takes in a table, about; in tables that are text:"""
BYTES_AS_TEXT = 140
BITS_PER_PIXEL = 0.3
"""What a pixel of a frame takes in a preprocessed video, about."""
GIGABYTE = 1e9


@CHECKS.register("disk")
def check_disk(project: Project) -> Iterator[Note]:
    """Compare what all results will take, by a generous estimate, with what is free."""
    if project.simulated:
        return
    results = Path(project.config.results).absolute()
    there = next(path for path in (results, *results.parents) if path.exists())
    free = shutil.disk_usage(there).free
    needed = sum(estimate_bytes(project, video) for video in project.sound_videos.values())
    text = f"results will take about {needed / GIGABYTE:.1f} GB, {free / GIGABYTE:.1f} GB are free"
    yield ok("disk", text) if needed < free else warning("disk", f"{text}; make room, or let `results` be elsewhere")


def estimate_bytes(project: Project, video: Glimpse) -> float:
    """Return about how many bytes the results of a video take: the video, that with poses, and the tables."""
    config, frames = project.config, video.frame_count or 0
    size = (video.width, video.height)
    width, height = size if config.preprocess.crop is None else crop_box(config.preprocess.crop, size)[:2]
    seconds = config.report.overlay_seconds
    drawn = frames if seconds is None else min(frames, seconds * (video.fps or 0))
    pixels = width * height * config.preprocess.scale**2
    nodes = len(project.animals.all) / len(project.animals.points) * len(project.animals.skeleton.nodes)
    # Predictions, tracks and features, then what is exported.
    tables = [*["parquet"] * 3, *config.export.formats]
    per_node = sum(BYTES_PER_NODE.get(name, BYTES_AS_TEXT) for name in tables)
    return (frames + drawn) * pixels * BITS_PER_PIXEL / 8 + frames * nodes * per_node
