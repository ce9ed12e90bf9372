"""A quick look at a video: its first and its last frame are decoded, and what the header says is compared with them."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

import av
from av.video.frame import VideoFrame

from antpipe.errors import VideoError
from antpipe.video.container import Source, open_source
from antpipe.video.pixels import read_orientation

STEPS_BACK_S = (0.0, 2.0, 20.0)
"""Seconds before the end at which to look for a key frame; files without an index do not say where the last one is."""
TAIL_S = 1.0
"""A video whose last frame comes so much before the end that its header promises has lost frames."""


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """What a quick look at a video tells."""

    path: str
    width: int
    """Pixels, of upright frames."""
    height: int
    fps: float | None
    """Frames per second, as the file claims; None where it does not."""
    frame_count: int | None
    """Frames, as the file claims or as its length and rate give; None where nothing tells."""
    size_bytes: int
    problem: str = ""
    """What is wrong with the end of the video; empty if nothing is."""

    @property
    def seconds(self) -> float | None:
        """Length; None where nothing tells."""
        return self.frame_count / self.fps if self.frame_count and self.fps else None


def glimpse(path: str) -> Glimpse:
    """Return what a video is, without decoding all of it.

    Raises:
        VideoError: if the file is missing or no video, or its first frame cannot be decoded.
    """
    with contextlib.closing(open_source(path)) as source:
        first = next(source.decode(), None)
        if first is None:
            raise VideoError(f"{path}: no frame can be decoded; the file is broken, copy it again")
        upright, *_ = read_orientation(first, path)
        rate = next((float(rate) for rate in source.claimed_rates()), None)
        length_s, indexed = _length_s(source), source.is_trusted()
        count = source.promised or (round(length_s * rate) if length_s and rate else None)
    return Glimpse(
        path=path,
        width=first.width if upright else first.height,
        height=first.height if upright else first.width,
        fps=rate,
        frame_count=count,
        size_bytes=os.path.getsize(path),
        problem=_problem_of_end(path, length_s, first, (0.0,) if indexed else STEPS_BACK_S),
    )


def _length_s(source: Source) -> float | None:
    if source.stream.duration:
        return float(source.stream.duration * source.tick)
    return source.container.duration / av.time_base if source.container.duration else None


def _problem_of_end(path: str, length_s: float | None, first: VideoFrame, steps_s: Sequence[float]) -> str:
    if length_s is None:
        return ""
    last_s = next((last for back in steps_s if (last := _last_s(path, first, length_s, back)) is not None), None)
    if last_s is None:
        return f"the end of the video, at {length_s:.1f} s, cannot be decoded; copy the file again"
    if last_s >= length_s - TAIL_S:
        return ""
    return f"the video ends after {last_s:.1f} s, but its header promises {length_s:.1f} s; copy the file again"


def _last_s(path: str, first: VideoFrame, length_s: float, back_s: float) -> float | None:
    """Return when the last frame is, from the first one on; None if no frame is found after the place to look at.

    Where frames have no times, the end is taken to be where the header says.
    """
    start = first.pts or 0
    with contextlib.closing(open_source(path, threads=0)) as source:
        source.seek(start + int(max(length_s - back_s, 0) / source.tick))
        stamps = [frame.pts for frame in source.decode()]
    times = [float((pts - start) * source.tick) for pts in stamps if pts is not None]
    return max(times, default=length_s) if stamps else None
