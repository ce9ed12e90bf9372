"""The index of a video: which frames it has, when they are, and how a decoded frame is known again."""

import contextlib
import itertools
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import av.error
import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from antpipe.errors import VideoError
from antpipe.video.container import Losses, Source, open_source
from antpipe.video.pixels import first_plane

TRUSTED_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
TRUSTED_CODECS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp9", "mpeg4", "mjpeg", "ffv1", "prores", "png"})
CHECKED_FRAMES = 32
CHECKSUM_STEP = 4
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
        if self.checksums is None:
            place = int(np.searchsorted(self.pts, pts))
            return place if place < len(self.pts) and self.pts[place] == pts else None
        names = self.checksums == checksum(frame)
        if 0 <= expected < len(names) and names[expected] and self.pts[expected] == pts:
            return expected
        places = np.flatnonzero(names & (self.pts == pts))
        return int(places[0]) if len(places) == 1 else None


@dataclass(kw_only=True)
class Scan:
    """What one pass of decoding found; lists are by frame."""

    stamps: list[int] = field(default_factory=list)
    pts: list[int] = field(default_factory=list)
    checksums: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    """Numbers of the key frames."""
    damaged: list[int] = field(default_factory=list)
    """Numbers of the frames in which the decoder had to make up what was broken."""
    losses: Losses = field(default_factory=Losses)

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
        rates, tick = source.claimed_rates(), source.stream.time_base
        self._period = max(1, round(1 / (rates[0] * tick))) if rates and tick else 1
        # AVI keeps no presentation times: what libav makes of B-frames jumps back and forth.
        self._use_dts = source.container.format.name == "avi"
        self._last: int | None = None

    def stamp(self, frame: VideoFrame) -> int:
        """Return the time of the next frame, in ticks."""
        given = frame.dts if self._use_dts else frame.pts
        if given is None or (self._last is not None and given <= self._last):
            given = 0 if self._last is None else self._last + self._period
        self._last = given
        return given


def scan_frames(path: str | Path, threads: int = 1) -> Scan:
    """Decode a whole video and return what is in it.

    Raises:
        VideoError: if the file cannot be read, or no frame of it be decoded.
    """
    with contextlib.closing(open_source(path, threads)) as source:
        found, clock = Scan(losses=source.losses), Clock(source)
        for place, frame in enumerate(source.decode()):
            found.stamps.append(clock.stamp(frame))
            found.pts.append(NO_PTS if frame.pts is None else frame.pts)
            found.checksums.append(checksum(frame))
            if is_key(frame):
                found.keys.append(place)
            if frame.is_corrupt:
                found.damaged.append(place)
    if not found.stamps:
        raise VideoError(f"{path}: no frame can be decoded; the file is broken")
    return found


def index_packets(path: str | Path) -> FrameIndex | None:
    """Return the index that the packets of a file give, without decoding them all.

    A frame that turns out to be broken keeps its number, so that the frames after it keep theirs.

    None where that cannot be trusted: other containers and codecs than the common ones, time stamps missing or
    repeated, a broken packet, a start without key frame, or first frames that decode to something else.
    """
    with contextlib.closing(open_source(path)) as source:
        name = source.stream.codec_context.name
        if source.container.format.name not in TRUSTED_CONTAINERS or name not in TRUSTED_CODECS:
            return None
        index = _index_packets_of(source)
    return index if index is not None and _starts_as_decoded(path, index) else None


def _index_packets_of(source: Source) -> FrameIndex | None:
    stamps: list[int] = []
    keys: list[int] = []
    first: int | None = None
    try:
        for packet in source.container.demux(source.stream):
            if not packet.size:
                continue
            # A frame shown before the first key frame, though stored after it, is dropped by decoders.
            first = packet.pts if first is None and packet.is_keyframe else first
            if packet.pts is None or packet.is_corrupt or first is None or packet.pts < first:
                return None
            if not packet.is_discard:
                stamps.append(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
    except (av.error.FFmpegError, OSError):
        return None
    pts = np.unique(np.array(stamps, np.int64))
    if len(pts) == 0 or len(pts) != len(stamps):
        return None
    return FrameIndex(stamps=pts, pts=pts, checksums=None, keys=np.searchsorted(pts, np.array(sorted(keys), np.int64)))


def _starts_as_decoded(path: str | Path, index: FrameIndex) -> bool:
    with contextlib.closing(open_source(path)) as source:
        frames = itertools.islice(source.decode(), CHECKED_FRAMES)
        first = [index.find(frame, place) for place, frame in enumerate(frames)]
    return first == list(range(min(CHECKED_FRAMES, len(index.stamps))))


def is_key(frame: VideoFrame) -> bool:
    """Return whether decoding can start at this frame."""
    return frame.key_frame and frame.pict_type in (PictureType.I, PictureType.NONE)


def checksum(frame: VideoFrame) -> int:
    """Return a checksum of every fourth row of the first plane: enough to tell a frame from its neighbours."""
    bits = frame.format.components[0].bits if frame.format.is_planar else frame.format.bits_per_pixel
    used = frame.width * -(-bits // 8)
    return zlib.crc32(np.ascontiguousarray(first_plane(frame)[::CHECKSUM_STEP, :used]))
