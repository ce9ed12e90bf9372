"""Whether two video files are the same film."""

import contextlib
import os
from pathlib import Path

from antpipe.errors import VideoError
from antpipe.files import fingerprint
from antpipe.video.container import open_source


class VideoContents:
    """Compares video files; what was found out about a file is kept, as a fingerprint reads all of it."""

    def __init__(self) -> None:
        self._fingerprints: dict[Path, str] = {}
        self._shapes: dict[Path, tuple[int, int, int] | None] = {}

    def evidence(self, one: Path, other: Path) -> str | None:
        """Return what says that two files are the same film, or that they are not; None where nothing does.

        Returns:
            `fingerprint`: the same bytes. `frame count and size`: of other bytes, as a copy in another codec is; weak,
            as a lab films many videos of one length. `differs`: not even that.
        """
        if self._same_bytes(one, other):
            return "fingerprint"
        shapes = self._shape(one), self._shape(other)
        if None in shapes:
            return None
        return "frame count and size" if shapes[0] == shapes[1] else "differs"

    def _same_bytes(self, one: Path, other: Path) -> bool:
        if os.path.samefile(one, other):
            return True
        size = os.path.getsize(one)
        # Files of different lengths need not be read, and empty ones are not films.
        return 0 < size == os.path.getsize(other) and self._fingerprint(one) == self._fingerprint(other)

    def _fingerprint(self, path: Path) -> str:
        if path not in self._fingerprints:
            self._fingerprints[path] = fingerprint(path)
        return self._fingerprints[path]

    def _shape(self, path: Path) -> tuple[int, int, int] | None:
        """Return frames, width and height as the file's header says; None where it does not say."""
        if path not in self._shapes:
            self._shapes[path] = _read_shape(path)
        return self._shapes[path]


def _read_shape(path: Path) -> tuple[int, int, int] | None:
    try:
        with contextlib.closing(open_source(path)) as source:
            codec = source.stream.codec_context
            return (source.promised, codec.width, codec.height) if source.promised else None
    except VideoError:
        return None
