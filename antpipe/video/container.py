"""Opening video files, and decoding what can be decoded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from antpipe.errors import VideoError
from antpipe.video.ffmpeg import file_url

MP4_BOXES = (b"ftyp", b"mdat", b"free", b"wide", b"skip", b"moov")


@dataclass
class Losses:
    """What decoding had to leave out."""

    packets: int = 0
    """Packets that the decoder refused."""
    read_error: str | None = None
    """Why the file could not be read to its end."""


@dataclass
class Source:
    """A video file opened at its first frame."""

    container: InputContainer
    stream: VideoStream
    losses: Losses = field(default_factory=Losses)

    def claimed_rates(self) -> list[Fraction]:
        """Return the frame rates that the file claims, the most exact first."""
        rates = (self.stream.average_rate, self.stream.guessed_rate, self.stream.base_rate)
        return [rate for rate in rates if rate]

    def seek(self, pts: int) -> None:
        """Go to the key frame that the file holds to be at or before `pts`, in ticks of the stream."""
        self.container.seek(pts, stream=self.stream)

    def decode(self) -> Iterator[VideoFrame]:
        """Yield the frames that can be decoded from here on; `losses` counts what cannot."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                self.losses.read_error = error.strerror
                packet = None
            if packet is None:
                yield from self._flush()
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.losses.packets += 1
                continue
            yield from frames

    def _flush(self) -> list[VideoFrame]:
        try:
            return self.stream.codec_context.decode(None)
        except av.error.EOFError:  # the demuxer has flushed the decoder already
            return []
        except av.error.FFmpegError:
            self.losses.packets += 1
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
        held = sorted({s.type for s in container.streams}) or ["nothing"]
        container.close()
        raise VideoError(f"{path}: expected a video, but the file holds only {', '.join(held)}")
    stream = pictures[0]
    stream.thread_type = "FRAME"
    stream.codec_context.thread_count = threads
    return Source(container, stream)


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
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        position = 0
        while position + 8 <= size:
            file.seek(position)
            header = file.read(16)
            length, name = int.from_bytes(header[:4]), header[4:8]
            if not found and name not in MP4_BOXES:
                return set()
            found.add(name)
            length = int.from_bytes(header[8:]) if length == 1 else length
            if length < 8:
                break
            position += length
    return found
