"""What a video file really is, by decoding all of it."""

import contextlib
import itertools
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, ColorTrc, VideoReformatter

from antpipe.errors import VideoError
from antpipe.files import fingerprint
from antpipe.video.container import Source, open_source
from antpipe.video.index import Scan, scan_frames
from antpipe.video.pixels import read_orientation, rotation_degrees, to_rgb
from antpipe.video.problems import loss_sentences
from antpipe.video.timing import Timing, measure_timing

COLOUR_FRAMES = 5
GRAY_SPREAD = 8
"""Levels between the colours of a pixel that compression alone makes."""
END_TOLERANCE_S = 0.1
OTHERS_TOLERANCE_S = 1.0
"""Sound may outlast the picture by so much."""
RANGE_NAMES = {ColorRange.UNSPECIFIED: "unspecified", ColorRange.MPEG: "limited", ColorRange.JPEG: "full"}
HDR_TRANSFERS = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What is known about a video file."""

    path: str
    width: int
    """Pixels, of upright frames."""
    height: int
    fps: float
    """Frames per second; of the regular grid where a few frames are missing on it, else the average."""
    frame_count: int
    """Frames that really decode."""
    container_frame_count: int | None
    """Frames that the file's header promises, if it does."""
    duration_s: float
    """From the first frame to the end of the last."""
    codec: str
    pixel_format: str
    grayscale: bool
    """The first frames hold no colour."""
    variable_frame_rate: bool
    """Frame number over `fps` does not give the time."""
    rotation: int
    """Clockwise degrees by which players turn the picture; width and height are those after it."""
    color_range: str
    """limited (16 to 235), full (0 to 255) or unspecified, which is taken for limited."""
    hdr: bool
    """The brightness curve is PQ or HLG."""
    has_audio: bool
    size_bytes: int
    fingerprint: str
    """SHA-256 of the file."""
    problems: tuple[str, ...]
    """Sentences on what is wrong; none for a good file."""

    def to_dict(self) -> dict[str, Any]:
        """Return the information as plain values, for JSON."""
        return {**asdict(self), "problems": list(self.problems)}


def probe(path: str | Path, threads: int = 0) -> VideoInfo:
    """Decode a whole video and return what it is.

    Args:
        path: the file.
        threads: processor cores for decoding; 0 is all.

    Raises:
        VideoError: if the file is missing or empty, no video, or without a frame that can be decoded.
    """
    return describe(path, scan_frames(path, threads))


def describe(path: str | Path, scan: Scan) -> VideoInfo:
    """Return what a video is, given what was found when it was decoded."""
    with contextlib.closing(open_source(path)) as source:
        first = list(itertools.islice(source.decode(), COLOUR_FRAMES))
        if not first:
            raise VideoError(f"{path}: no frame can be decoded; the file is broken")
        orientation = read_orientation(first[0], path)
        size = first[0].width, first[0].height
        timing = measure_timing(np.array(scan.stamps, np.int64), scan.tick, scan.rates)
        span = float((scan.stamps[-1] - scan.stamps[0]) * scan.tick)
        return VideoInfo(
            path=Path(path).as_posix(),
            width=size[0] if orientation[0] else size[1],
            height=size[1] if orientation[0] else size[0],
            fps=float(timing.rate),
            frame_count=len(scan.stamps),
            container_frame_count=source.promised or None,
            duration_s=span + 1 / float(timing.rate),
            codec=source.stream.codec_context.codec.canonical_name,
            pixel_format=first[0].format.name,
            grayscale=all(_is_gray(frame) for frame in first),
            variable_frame_rate=timing.variable,
            rotation=rotation_degrees(orientation),
            color_range=RANGE_NAMES[ColorRange(first[0].color_range)],
            hdr=first[0].color_trc in HDR_TRANSFERS,
            has_audio=bool(source.container.streams.audio),
            size_bytes=os.path.getsize(path),
            fingerprint=fingerprint(path),
            problems=tuple(_find_problems(source, scan, timing, first[0])),
        )


def _is_gray(frame: VideoFrame) -> bool:
    rgb = to_rgb(frame, VideoReformatter())
    return int((rgb.max(axis=2) - rgb.min(axis=2)).max()) <= GRAY_SPREAD


def _find_problems(source: Source, scan: Scan, timing: Timing, first: VideoFrame) -> list[str]:
    promised, shown = source.promised, len(scan.stamps)
    problems = loss_sentences(scan.tally, promised, scan.lost, scan.damaged)
    if not problems and promised not in (0, shown):
        problems.append(f"the file's header promises {promised} frames, and {shown} are shown")
    problems += _early_end(source, scan, timing)
    if timing.variable:
        problems.append("frames are missing or the frame rate varies: frame number and time do not agree")
    if first.interlaced_frame:
        problems.append("frames are interlaced: moving edges are combs")
    shape = source.stream.sample_aspect_ratio
    if shape and shape != 1:
        problems.append(f"pixels are not square ({shape.numerator}:{shape.denominator}): lengths along x and y differ")
    return problems


def _early_end(source: Source, scan: Scan, timing: Timing) -> list[str]:
    """Return a sentence where a file that counts no frames promises more time than its frames fill."""
    promised_s = (source.container.duration or 0) / av.time_base
    end_s = float(scan.stamps[-1] * scan.tick + 1 / timing.rate)
    alone = len(source.container.streams) == 1
    tolerance = max(END_TOLERANCE_S, 2 / float(timing.rate)) if alone else OTHERS_TOLERANCE_S
    if source.promised or promised_s - end_s <= tolerance:
        return []
    return [f"the file ends early: its header promises {promised_s:.2f} s, and its frames end after {end_s:.2f} s"]
