"""Frames of a video file, exact: frame k read alone is frame k of the whole video read in order."""

import contextlib
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from antpipe.errors import VideoError
from antpipe.video.container import Tally, open_source
from antpipe.video.exact import Decoded, ExactDecoder
from antpipe.video.pixels import Image, make_converter, read_orientation
from antpipe.video.problems import count, loss_sentences
from antpipe.video.timing import UNTIMED_RATE, measure_timing

NEAR = 16
"""So many frames further on, decoding is quicker than a jump."""


class Frame(NamedTuple):
    """A frame of a video."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which makes no sense here
    """Number of the frame, from 0."""
    time_s: float
    """Seconds from the first frame."""
    image: Image
    """(height, width, channels) uint8, upright: full-range luma or RGB."""


class VideoReader:
    """Read the frames of a video file, in order or by number; use it in a `with` block.

    A frame's number is its place among the frames that are shown. After a jump a frame is given out only if it is
    proven to be the right one: by its time stamp, by its pixels too where time stamps cannot be trusted, and by an
    unbroken chain of frames from a key frame; else decoding starts further back, at last at the beginning.

    In MP4 and Matroska files a frame that cannot be decoded leaves a gap: the frames after it keep their numbers. In
    other files numbers count what decodes. `problems` says what was lost, as far as the file has been read.
    """

    width: int
    """Pixels, of upright frames."""
    height: int
    """Pixels, of upright frames."""

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
        self._decoder = ExactDecoder(self.path, threads)
        self._walk: Generator[Decoded] | None = None
        self._next = 0
        with contextlib.closing(open_source(self.path)) as source:
            first = next(source.decode(), None)
            if first is None:
                raise VideoError(f"{path}: no frame can be decoded; the file is broken")
            orientation = read_orientation(first, path)
            self._tick, self._rates = source.tick, source.claimed_rates()
            self._promised = source.promised
        self._convert = make_converter(channels, orientation)
        self._coded_size = first.width, first.height
        self.width, self.height = self._coded_size if orientation[0] else self._coded_size[::-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stop_walking()
        self._decoder.close()

    @cached_property
    def frame_count(self) -> int:
        """Number of frames; the first use reads the file, and decodes it where its packets do not tell."""
        return len(self._decoder.index.stamps)

    @cached_property
    def fps(self) -> float:
        """Frames per second: measured where the packets tell, else what the file claims."""
        index = self._decoder.trusted
        if index is not None:
            return float(measure_timing(index.stamps, self._tick, self._rates).rate)
        return float(self._rates[0] if self._rates else UNTIMED_RATE)

    @property
    def problems(self) -> list[str]:
        """Sentences on what was lost, as far as the file has been read."""
        decoder = self._decoder
        tally = decoder.tally or Tally(packets=self._promised)
        lost = decoder.lost or decoder.lost_count
        sentences = loss_sentences(tally, self._promised, lost, decoder.damaged)
        if decoder.strays:
            sentences.append(f"{count(decoder.strays, 'decoded picture')} without a place in the video left out")
        return sentences

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Yield the frames from number `start` up to, but without, `stop`; frames that are lost are left out.

        Raises:
            ValueError: if `start` is below 0.
            VideoError: if the picture changes its size.
        """
        if start < 0:
            raise ValueError(f"{self.path}: expected a first frame of 0 or more, got {start}")
        return self._frames(start, stop)

    def _frames(self, start: int, stop: int | None) -> Iterator[Frame]:
        if stop is not None and stop <= start:
            return
        with contextlib.closing(self._decoder.frames_from(start)) as walk:
            for decoded in walk:
                if stop is None or decoded.number < stop:
                    yield self._as_frame(decoded)
                if stop is not None and decoded.number + 1 >= stop:
                    return

    def read(self, index: int) -> Frame:
        """Return one frame.

        Raises:
            IndexError: if the video has no frame of this number.
            VideoError: if the frame cannot be decoded.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"{self.path}: expected a frame from 0 to {self.frame_count - 1}, got {index}")
        walk = self._walk_to(index)
        for decoded in walk:
            self._next = decoded.number + 1
            if decoded.number == index:
                return self._as_frame(decoded)
            if decoded.number > index:
                break
        raise VideoError(f"{self.path}: frame {index} cannot be decoded")

    def _walk_to(self, index: int) -> Generator[Decoded]:
        """Return the walk that is on its way to a frame, or a new one that starts there."""
        if self._walk is None or not self._is_on_the_way(index):
            self._stop_walking()
            self._walk, self._next = self._decoder.frames_from(index), index
        return self._walk

    def _stop_walking(self) -> None:
        if self._walk is not None:
            self._walk.close()
            self._walk = None

    def _is_on_the_way(self, index: int) -> bool:
        keys = self._decoder.index.keys
        key_between = np.searchsorted(keys, index, side="right") > np.searchsorted(keys, self._next, side="right")
        return self._next <= index and (index - self._next <= NEAR or not key_between)

    def _as_frame(self, decoded: Decoded) -> Frame:
        size = decoded.frame.width, decoded.frame.height
        if size != self._coded_size:
            raise VideoError(
                f"{self.path}: expected frames of {self._coded_size[0]}x{self._coded_size[1]} pixels throughout, "
                f"frame {decoded.number} is {size[0]}x{size[1]}; cut the video there"
            )
        return Frame(decoded.number, decoded.time_s, self._convert(decoded.frame))
