"""Overlay videos and stills: the film with its poses drawn on it."""

import sys
from pathlib import Path

import cv2
import numpy as np

from antpipe.errors import PosesError, VideoError
from antpipe.export.source import PosesSource
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.progress import show_progress
from antpipe.report.overlay_scene import drawn_frames, make_scene
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter


def render_overlay(
    video: str | Path,
    poses_path: str | Path,
    output: str | Path,
    *,
    start: int | None = None,
    stop: int | None = None,
    seconds: float | None = None,
    max_width: int | None = None,
    trail_seconds: float = 2.0,
    labels: bool = True,
    scores: bool = False,
) -> None:
    """Write a video with skeletons, track names, trails, frame number and time drawn on it, as a stream.

    Args:
        video: the video that the poses are about, or the raw video that it was made from; its size tells which.
        poses_path: the poses, tracked or not.
        output: an MP4 file, which appears whole or not at all.
        start: the first frame drawn. None: the first one examined.
        stop: the frame after the last one drawn. None: that after the last one examined.
        seconds: at most this much film is drawn. None: no limit.
        max_width: a wider video is shrunk to this width in pixels. None: it stays as it is.
        trail_seconds: how far back the fading trails reach; 0 for none.
        labels: whether the track's name is written beside each animal.
        scores: whether the instance's score is written beside each animal.

    Raises:
        PosesError: if the poses do not fit the video, or there is no frame to draw.
        VideoError: if the video cannot be read or written.
    """
    with VideoReader(video, channels=3) as reader:
        scene = make_scene(reader, Path(poses_path), max_width, trail_seconds, labels, scores)
        first, last = _span(reader, scene.source, start, stop, seconds)
        width, height = (side + side % 2 for side in scene.size)
        with (
            VideoWriter(output, width=width, height=height, fps=reader.fps) as writer,
            show_progress("overlay") as advance,
        ):
            for idx, image in drawn_frames(reader, scene, first, last):
                padded = _pad(image, width, height)
                # In place of frames that cannot be decoded the next one is shown, so that the film keeps its time.
                for _ in range(idx + 1 - first - writer.frames_written):
                    writer.write(padded)
                advance(writer.frames_written, last - first)
        for problem in reader.problems:
            print(f"{video}: {problem}", file=sys.stderr)


def overlay_still(
    video: str | Path,
    poses_path: str | Path,
    frame_idx: int,
    output_png: str | Path,
    *,
    max_width: int | None = None,
    trail_seconds: float = 2.0,
    labels: bool = True,
    scores: bool = False,
) -> None:
    """Write one frame of the overlay video as PNG; arguments and errors as in `render_overlay`."""
    with VideoReader(video, channels=3) as reader:
        scene = make_scene(reader, Path(poses_path), max_width, trail_seconds, labels, scores)
        first, last = _span(reader, scene.source, frame_idx, frame_idx + 1, None)
        found = next(drawn_frames(reader, scene, first, last), None)
    if found is None:
        raise VideoError(f"{video}: frame {frame_idx} cannot be decoded; choose another")
    with atomic_path(output_png) as temporary:
        temporary.write_bytes(cv2.imencode(".png", found[1][..., ::-1])[1].tobytes())


def _span(
    reader: VideoReader, source: PosesSource, start: int | None, stop: int | None, seconds: float | None
) -> tuple[int, int]:
    """Return the half-open range of frames to draw."""
    examined = source.info.frames
    first = (examined[0][0] if examined else 0) if start is None else start
    last = (examined[-1][1] if examined else 0) if stop is None else stop
    if seconds is not None:
        last = min(last, first + max(1, round(seconds * reader.fps)))
    last = min(last, reader.frame_count)
    if not 0 <= first < last:
        raise PosesError(
            f"{source.path}: no frame to draw: {reader.path} has frames 0 to {reader.frame_count - 1}, asked for were "
            f"{first} to {last - 1}"
        )
    return first, last


def _pad(image: Array, width: int, height: int) -> Array:
    """Return the image with its last row and column repeated up to an even size, which H.264 needs."""
    return np.pad(image, ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)), mode="edge")
