"""The index of a video: which frames it has, when they are, and how a decoded frame is known again."""

import contextlib
import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from antpipe.errors import VideoError
from antpipe.video.container import Source, Tally, open_source
from antpipe.video.pixels import first_plane

CHECKED_FRAMES = 32
MOST_JUMPS = 3
"""More means that packets are not frames, as with fields or hidden frames."""
CHECKSUM_STEP = 4
REPORTED_FRAMES = 25
NO_PTS = -(2**63)


@dataclass(frozen=True, kw_only=True)
class FrameIndex:
    """All frames of a video in the order in which they are shown; arrays are (frames,)."""

    stamps: NDArray[np.int64]
    """Increasing times, in ticks of the stream."""
    pts: NDArray[np.int64]
    """The time stamp of the decoded frame; NO_PTS where it has none."""
    checksums: NDArray[np.uint32] | None
    """Of the pixels, where time stamps are not to be trusted after a seek; None where they are."""
    keys: NDArray[np.int64]
    """(key frames,) numbers of the frames at which decoding can start."""

    def find(self, frame: VideoFrame, expected: int) -> int | None:
        """Return the number of a decoded frame, or None if it is not in the index or ambiguous."""
        pts = NO_PTS if frame.pts is None else frame.pts
        name = None if self.checksums is None else checksum(frame)
        if expected < len(self.pts) and self._is(expected, pts, name):
            return expected
        places = np.flatnonzero(self.pts == pts)
        places = places if self.checksums is None else places[self.checksums[places] == name]
        return int(places[0]) if len(places) == 1 else None

    def _is(self, place: int, pts: int, name: int | None) -> bool:
        return bool(self.pts[place] == pts and (self.checksums is None or self.checksums[place] == name))


@dataclass(kw_only=True)
class Scan:
    """What one pass of decoding found; lists are by frame."""

    tick: Fraction
    """Seconds of one unit of `stamps`."""
    rates: list[Fraction]
    """Frames per second that the file claims, the most exact first."""
    stamps: list[int] = field(default_factory=list)
    pts: list[int] = field(default_factory=list)
    checksums: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    """Numbers of the key frames."""
    damaged: list[int] = field(default_factory=list)
    """Numbers of the frames in which the decoder had to make up what was broken."""
    lost: int = 0
    """Frames that could not be decoded."""
    tally: Tally = field(default_factory=Tally)

    def times_s(self) -> NDArray[np.float64]:
        """Return the times of the frames in seconds from the first, as VideoReader gives them."""
        return np.array([seconds(stamp - self.stamps[0], self.tick) for stamp in self.stamps])

    def index(self) -> FrameIndex:
        """Return the index of the frames that were decoded."""
        return FrameIndex(
            stamps=np.array(self.stamps, np.int64),
            pts=np.array(self.pts, np.int64),
            checksums=np.array(self.checksums, np.uint32),
            keys=np.array(self.keys, np.int64),
        )


class Clock:
    """Give every decoded frame a time, later than the one before, whatever the file says."""

    def __init__(self, source: Source) -> None:
        rates = source.claimed_rates()
        self._period = max(1, round(1 / (rates[0] * source.tick))) if rates else 1
        # AVI keeps no presentation times: what libav makes of B-frames jumps back and forth.
        self._use_dts = source.container.format.name == "avi"
        self._tick = source.tick
        self._first: int | None = None
        self._last: int | None = None

    def seconds(self, frame: VideoFrame) -> float:
        """Return the time of the next frame, in seconds from the first."""
        stamp = self.stamp(frame)
        self._first = stamp if self._first is None else self._first
        return seconds(stamp - self._first, self._tick)

    def stamp(self, frame: VideoFrame) -> int:
        """Return the time of the next frame, in ticks."""
        given = frame.dts if self._use_dts else frame.pts
        if given is None or (self._last is not None and given <= self._last):
            given = 0 if self._last is None else self._last + self._period
        self._last = given
        return given


def scan_frames(path: str | Path, threads: int = 1, on_frames: Callable[[int], None] | None = None) -> Scan:
    """Decode a whole video and return what is in it.

    Args:
        path: the file.
        threads: processor cores for decoding; 0 is all.
        on_frames: called now and then with the number of frames decoded so far.

    Raises:
        VideoError: if the file cannot be read, or no frame of it be decoded.
    """
    found = _scan(path, threads, on_frames)
    # After an error at the end, a decoder with several threads keeps good frames for itself.
    if threads != 1 and (found.lost or found.tally.refused):
        found = _scan(path, 1, on_frames)
    if not found.stamps:
        raise VideoError(f"{path}: no frame can be decoded; the file is broken")
    return found


def _scan(path: str | Path, threads: int, on_frames: Callable[[int], None] | None) -> Scan:
    with contextlib.closing(open_source(path, threads)) as source:
        found, clock = Scan(tick=source.tick, rates=source.claimed_rates(), tally=source.tally), Clock(source)
        for place, frame in enumerate(source.decode()):
            if on_frames and place % REPORTED_FRAMES == 0:
                on_frames(place)
            found.stamps.append(clock.stamp(frame))
            found.pts.append(NO_PTS if frame.pts is None else frame.pts)
            found.checksums.append(checksum(frame))
            if is_key(frame):
                found.keys.append(place)
            if frame.is_corrupt:
                found.damaged.append(place)
        found.lost = source.lost()
    return found


def index_packets(path: str | Path) -> FrameIndex | None:
    """Return the index that the packets of a file give, without decoding them all.

    A frame that turns out to be broken keeps its number, so that the frames after it keep theirs.

    None where that cannot be trusted: other containers and codecs than the common ones, time stamps missing or
    repeated, a broken packet, a start without key frame, or first frames that decode to something else.
    """
    with contextlib.closing(open_source(path)) as source:
        if not source.is_trusted():
            return None
        index = _index_packets_of(source)
    return index if index is not None and _starts_as_decoded(path, index) else None


def _index_packets_of(source: Source) -> FrameIndex | None:
    stamps: list[int] = []
    keys: list[int] = []
    first: int | None = None
    for packet in source.packets():
        first = packet.pts if first is None and packet.is_keyframe else first
        # A frame shown before the first key frame, though stored after it, is dropped by decoders.
        if packet.pts is None or packet.is_corrupt or first is None or packet.pts < first:
            return None
        if not packet.is_discard:
            stamps.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
    pts = np.unique(np.array(stamps, np.int64))
    if source.tally.read_error or len(pts) == 0 or len(pts) != len(stamps):
        return None
    return FrameIndex(stamps=pts, pts=pts, checksums=None, keys=np.searchsorted(pts, np.array(sorted(keys), np.int64)))


def _starts_as_decoded(path: str | Path, index: FrameIndex) -> bool:
    """Return whether the first frames decode in the order of the index, but for a few that may be broken."""
    with contextlib.closing(open_source(path)) as source:
        frames = itertools.islice(source.decode(), CHECKED_FRAMES)
        places = [index.find(frame, place) for place, frame in enumerate(frames)]
    steps = np.diff([place for place in places if place is not None])
    return None not in places and bool(np.all(steps > 0)) and int(np.sum(steps > 1)) <= MOST_JUMPS


def is_key(frame: VideoFrame) -> bool:
    """Return whether decoding can start at this frame."""
    return frame.key_frame and frame.pict_type in (PictureType.I, PictureType.NONE)


def seconds(ticks: int, tick: Fraction) -> float:
    """Return a number of ticks in seconds, correctly rounded."""
    return ticks * tick.numerator / tick.denominator


def checksum(frame: VideoFrame) -> int:
    """Return a checksum of every fourth row of the first plane: enough to tell a frame from its neighbours."""
    bits = frame.format.components[0].bits if frame.format.is_planar else frame.format.bits_per_pixel
    used = frame.width * -(-bits // 8)
    pixels = zlib.crc32(np.ascontiguousarray(first_plane(frame)[::CHECKSUM_STEP, :used]).data)
    # A palette is not in every packet: after a jump the right pixels may come with the wrong colours.
    return zlib.crc32(bytes(frame.planes[1]), pixels) if frame.format.name == "pal8" else pixels
