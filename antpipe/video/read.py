"""Frames of a video file, exact: frame k read alone is frame k of the whole video read in order."""

import contextlib
from collections.abc import Generator, Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from av.video.frame import VideoFrame

from antpipe.errors import VideoError
from antpipe.video.container import Losses, Source, open_source
from antpipe.video.index import Clock, FrameIndex, index_packets, is_key, scan_frames
from antpipe.video.pixels import Image, make_converter, read_orientation
from antpipe.video.timing import UNTIMED_RATE, measure_timing

NEAR = 16
"""Frames further on that are decoded rather than sought."""


class Frame(NamedTuple):
    """A frame of a video."""

    index: int
    """Number of the frame, from 0."""
    time_s: float
    """Seconds from the first frame."""
    image: Image
    """(height, width, channels) uint8, upright: full-range luma or RGB."""


class Walk:
    """Decoding in order from some frame on; remembers where it is."""

    def __init__(self, frames: Generator[tuple[int, int, VideoFrame]], start: int) -> None:
        self.frames = frames
        self.next = start
        """No frame before this number comes any more."""

    def advance(self, index: int) -> tuple[int, int, VideoFrame] | None:
        """Return the first frame at or after `index` as (number, time stamp, frame), or None at the end."""
        for number, stamp, frame in self.frames:
            self.next = number + 1
            if number >= index:
                return number, stamp, frame
        return None


class VideoReader:
    """Read the frames of a video file, in order or by number; use it in a `with` block.

    A frame's number is its place among the frames that are shown. After a jump a frame is given out only if it is
    proven to be the right one: by its time stamp, its pixels where time stamps cannot be trusted, and an unbroken
    chain of frames from a key frame; else decoding starts further back, at last at the beginning.

    In MP4 and Matroska files a frame that cannot be decoded leaves a gap: the frames after it keep their numbers. In
    other files numbers count what decodes. `problems` tells what was lost.
    """

    def __init__(self, path: str | Path, *, channels: int = 1, threads: int = 1) -> None:
        """Open a video and decode its first frame.

        Args:
            path: the file.
            channels: 1 for full-range luma (what `ffmpeg -pix_fmt gray` gives), 3 for RGB.
            threads: processor cores for decoding; 0 is all.

        Raises:
            VideoError: if the file is no video, or no frame of it can be decoded.
        """
        if channels not in (1, 3):
            raise ValueError(f"expected 1 or 3 channels, got {channels}")
        self.path = Path(path)
        self._threads = threads
        self._walk: Walk | None = None
        self._lost: set[int] = set()
        self._damaged: set[int] = set()
        self._strays = 0
        self._losses = Losses()
        with contextlib.closing(open_source(path, threads)) as source:
            first = next(source.decode(), None)
            if first is None:
                raise VideoError(f"{path}: no frame can be decoded; the file is broken")
            orientation = read_orientation(first, path)
            self._tick = source.stream.time_base or Fraction(1)
            self._claimed = source.claimed_rates()
            self._promised = source.stream.frames
        self._convert = make_converter(channels, orientation)
        self._coded_size = (first.width, first.height)
        self.width, self.height = self._coded_size if orientation[0] else self._coded_size[::-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._walk is not None:
            self._walk.frames.close()
            self._walk = None
