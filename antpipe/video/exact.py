"""Decoding from any frame on, exactly: a frame is given out only when it is proven which one it is."""

import contextlib
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import av.error
import numpy as np
from av.video.frame import VideoFrame

from antpipe.video.container import Source, Tally, open_source
from antpipe.video.index import Clock, FrameIndex, index_packets, is_key, scan_frames, seconds


class Decoded(NamedTuple):
    """A decoded frame and its place in the video."""

    number: int
    time_s: float
    """Seconds from the first frame."""
    frame: VideoFrame


class ExactDecoder:
    """Decodes a video from any frame on, and remembers what could not be decoded.

    The index is made when it is first needed: from the packets where they can be trusted, else by one pass of
    decoding.
    """

    def __init__(self, path: str | Path, threads: int) -> None:
        self.path = path
        self.threads = threads
        self.tally: Tally | None = None
        """Of a pass over the whole file, once there was one."""
        self.lost_count = 0
        """Frames that this pass could not decode."""
        self._idle: list[Source] = []
        self.lost: set[int] = set()
        """Frames of a trusted index that cannot be decoded."""
        self.damaged: set[int] = set()
        """Frames in which the decoder had to make up what was broken."""
        self.strays: set[int | None] = set()
        """Time stamps of decoded pictures that have no place in the index."""

    @cached_property
    def trusted(self) -> FrameIndex | None:
        """The index that the packets give, or None."""
        return index_packets(self.path)

    @cached_property
    def index(self) -> FrameIndex:
        """The index of all frames."""
        return self.trusted or self._scanned

    @cached_property
    def _scanned(self) -> FrameIndex:
        scan = scan_frames(self.path, self.threads)
        self.tally, self.lost_count = scan.tally, scan.lost
        self.damaged.update(scan.damaged)
        return scan.index()

    def frames_from(self, start: int) -> Generator[Decoded]:
        """Yield the frames from number `start` on, in order; frames that cannot be decoded are left out."""
        if start == 0 and self.trusted is None:
            yield from self._count_frames()
            return
        position: int | None = start
        for point in self._starting_points(start):
            if position is None:
                return
            with self._borrow(fresh=point is None) as source:
                position = yield from self._chain(source, position, point)

    @contextlib.contextmanager
    def _borrow(self, fresh: bool) -> Iterator[Source]:
        """Yield the open file, anywhere in it, or a fresh one at its beginning: opening a long video takes a while."""
        source = self._idle.pop() if self._idle and not fresh else open_source(self.path, self.threads)
        try:
            yield source
        finally:
            self.close()
            self._idle.append(source)

    def close(self) -> None:
        """Close the file, if it is open and not in use."""
        while self._idle:
            self._idle.pop().close()

    def _starting_points(self, start: int) -> Iterator[int | None]:
        """Yield the key frames from which to try, further and further back, and None for the beginning."""
        before = int(np.searchsorted(self.index.keys, start, side="right")) - 1
        step = 0
        while before - step > 0:
            yield int(self.index.keys[before - step])
            step = 2 * step + 1
        yield None

    def _count_frames(self) -> Iterator[Decoded]:
        """Yield all frames, numbered as they come: in this order alone no index is needed."""
        with contextlib.closing(open_source(self.path, self.threads)) as source:
            clock = Clock(source)
            for place, frame in enumerate(source.decode()):
                if frame.is_corrupt:
                    self.damaged.add(place)
                yield Decoded(place, clock.seconds(frame), frame)
            self.tally, self.lost_count = source.tally, source.lost()

    def _chain(self, source: Source, position: int, point: int | None) -> Generator[Decoded, None, int | None]:
        """Yield the frames from `position` on, decoded from a key frame, as long as none is missing or broken.

        Returns the first number that is still to come, None at the end of the video. From the beginning (`point` is
        None) a missing frame is known to be lost, and no reason to stop.
        """
        last = -1 if point is None else None
        for place, frame in self._numbered(source, position, point):
            last = place - 1 if last is None else last
            if place <= last:
                self.strays.add(frame.pts)
                continue
            missing = range(last + 1, place)
            # What a decoder makes up for broken pixels depends on all that it has decoded before.
            if point is not None and (missing or frame.is_corrupt):
                return position
            self.lost.update(missing)
            last = place
            if frame.is_corrupt:
                self.damaged.add(place)
            if place >= position:
                position = place + 1
                yield Decoded(place, self._seconds(place, source), frame)
        missing = range(0 if last is None else last + 1, len(self.index.stamps))
        if point is not None:
            return position if missing else None
        self.lost.update(missing)
        self.tally, self.lost_count = source.tally, source.lost()
        return None

    def _seconds(self, place: int, source: Source) -> float:
        return seconds(int(self.index.stamps[place] - self.index.stamps[0]), source.tick)

    def _numbered(self, source: Source, position: int, point: int | None) -> Iterator[tuple[int, VideoFrame]]:
        """Yield decoded frames with their numbers: from the beginning, or from a key frame at or before `position`."""
        if point is not None:
            try:
                source.seek(int(self.index.pts[point]))
            except av.error.FFmpegError:
                return
        expected, started = 0 if point is None else point, point is None
        for frame in source.decode():
            place = self.index.find(frame, expected)
            if place is None:
                self.strays.update([frame.pts] if started else [])
                continue
            if not started and place > position:
                return
            # What a decoder gives before the first key frame may be made up.
            started = started or is_key(frame)
            if started:
                yield place, frame
            expected = place + 1
