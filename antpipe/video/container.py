"""Opening video files, and decoding what can be decoded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from antpipe.errors import VideoError
from antpipe.video.ffmpeg import file_url

TRUSTED_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
TRUSTED_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg", "ffv1", "prores", "png"})
MP4_BOXES = (b"ftyp", b"mdat", b"free", b"wide", b"skip", b"moov")


@dataclass
class Tally:
    """What was read from a file, and what of it could not be used."""

    packets: int = 0
    """Packets read; one is one frame in most files."""
    discarded: int = 0
    """Of these, packets that an edit list cuts away."""
    refused: int = 0
    """Of these, packets that the decoder could make nothing of."""
    decoded: int = 0
    """Frames that came out."""
    read_error: str | None = None
    """Why the file could not be read to its end."""


class Source:
    """A video file opened at its first frame."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.container = container
        self.stream = stream
        self.tally = Tally()
        self.promised = stream.frames
        """Frames that the file's header promises; 0 where it says nothing."""
        self.tick = stream.time_base or Fraction(1)
        """Seconds of one unit of time stamps."""

    def is_trusted(self) -> bool:
        """Return whether a packet of the file is a frame, and says when it is shown."""
        codec = self.stream.codec_context.codec.canonical_name
        return self.container.format.name in TRUSTED_CONTAINERS and codec in TRUSTED_CODECS

    def lost(self) -> int:
        """Return how many frames could not be decoded, once all packets from the beginning have been."""
        tally = self.tally
        return tally.packets - tally.discarded - tally.decoded if self.is_trusted() else tally.refused

    def claimed_rates(self) -> list[Fraction]:
        """Return the frame rates that the file claims, the most exact first."""
        rates = (self.stream.average_rate, self.stream.guessed_rate, self.stream.base_rate)
        return [rate for rate in rates if rate]

    def seek(self, pts: int) -> None:
        """Go to where the file holds the key frame at or before `pts`, in ticks of the stream."""
        self.container.seek(pts, stream=self.stream)

    def packets(self) -> "Iterator[Packet[VideoStream]]":
        """Yield the packets of the video from here on, as far as the file can be read."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                self.tally.read_error = error.strerror or str(error)
                return
            if packet is None:
                return
            if packet.size:
                self.tally.packets += 1
                self.tally.discarded += packet.is_discard
                yield packet

    def decode(self) -> Iterator[VideoFrame]:
        """Yield the frames that can be decoded from here on; `tally` counts what cannot."""
        for packet in self.packets():
            for frame in self._decode(packet):
                self.tally.decoded += 1
                yield frame
        for frame in self._decode(None):
            self.tally.decoded += 1
            yield frame

    def _decode(self, packet: "Packet[VideoStream] | None") -> list[VideoFrame]:
        try:
            return self.stream.codec_context.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self.tally.refused += 1
            return []

    def close(self) -> None:
        """Close the file."""
        self.container.close()


def open_source(path: str | Path, threads: int = 1) -> Source:
    """Return a video file, opened at its first frame.

    Args:
        path: the file.
        threads: processor cores for the decoder; 0 is all.

    Raises:
        VideoError: if there is no video that can be read: what is wrong with the file.
    """
    check_file(path)
    try:
        container = av.open(file_url(path), metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"{path}: {_why_unreadable(path)} ({error.strerror})") from error
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not pictures or pictures[0].codec_context is None:
        held = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        container.close()
        raise VideoError(f"{path}: expected a video, but the file holds only {held}")
    pictures[0].thread_type = "FRAME"
    pictures[0].codec_context.thread_count = threads
    return Source(container, pictures[0])


def check_file(path: str | Path) -> None:
    """Raise VideoError where there is no file with content."""
    if os.path.isdir(path):
        raise VideoError(f"{path}: expected a video file, got a folder")
    if not os.path.exists(path):
        raise VideoError(f"{path}: video not found")
    if not os.access(path, os.R_OK):
        raise VideoError(f"{path}: the video may not be read; change its permissions")
    if os.path.getsize(path) == 0:
        raise VideoError(f"{path}: the video is empty (0 bytes); copy it again")


def _why_unreadable(path: str | Path) -> str:
    boxes = _top_boxes(path)
    if boxes and b"moov" not in boxes:
        return "this MP4 was cut off before its index (moov) was written; copy it again, or record it again"
    return "expected a video, but ffmpeg knows no such format or the file is broken"


def _top_boxes(path: str | Path) -> set[bytes]:
    """Return the names of the top-level boxes of an MP4 file; empty for another file."""
    found: set[bytes] = set()
    size, position = os.path.getsize(path), 0
    with open(path, "rb") as file:
        while position + 8 <= size:
            file.seek(position)
            header = file.read(16)
            length, name = int.from_bytes(header[:4]), header[4:8]
            if not found and name not in MP4_BOXES:
                break
            found.add(name)
            length = int.from_bytes(header[8:]) if length == 1 else length
            if length < 8:
                break
            position += length
    return found
