"""Poses in the pixels and frames of the film on which they are drawn."""

from pathlib import Path

import numpy as np

from antpipe.errors import PosesError
from antpipe.export.source import PosesSource, open_source
from antpipe.export.tell import tell
from antpipe.geometry import IDENTITY
from antpipe.video.read import VideoReader


def fitting_source(reader: VideoReader, path: Path) -> PosesSource:
    """Return the poses in pixels and frames of the reader's film: the one examined, or the raw one it was made from.

    The film's size tells which; its number of frames, where both have the same size.

    Raises:
        PosesError: if it is neither, or frames of the raw film do not correspond to those of the poses.
    """
    examined, raw = open_source(path, "video"), open_source(path, "raw")
    _refuse_other_rate(reader, examined)
    size = (reader.width, reader.height)
    fitting = [source for source in (examined, raw) if size == _size(source)]
    if fitting:
        found = min(fitting, key=lambda source: abs(source.info.video.frame_count - reader.frame_count))
        if found.shortfall:
            raise PosesError(f"{path}: frames of {reader.path} and of the poses do not correspond; {found.shortfall}")
    elif _size(raw) == _size(examined) and raw.info.to_raw != IDENTITY and _holds(size, raw):
        found = raw
        tell(path, raw.shortfall)
    else:
        raise PosesError(
            f"{path}: expected the video that the poses are about, of {_words(examined)} pixels, but {reader.path} has "
            f"{size[0]}x{size[1]}; name {examined.info.video.path!r} or the raw video that it was made from"
        )
    return found


def _refuse_other_rate(reader: VideoReader, source: PosesSource) -> None:
    fps = source.info.video.fps
    if abs(reader.fps - fps) > 0.01 * fps:
        raise PosesError(
            f"{source.path}: the poses are about a video of {fps:g} frames per second, but {reader.path} has "
            f"{reader.fps:g}; their frames do not correspond"
        )


def _size(source: PosesSource) -> tuple[int, int]:
    return source.info.video.width, source.info.video.height


def _words(source: PosesSource) -> str:
    return "{}x{}".format(*_size(source))


def _holds(size: tuple[int, int], raw: PosesSource) -> bool:
    """Return whether a film of a size could be the raw one, of which nothing but the way back of pixels is known."""
    width, height = _size(raw)
    corners = raw.info.to_raw(np.array([[0, 0], [width - 1, height - 1]], float))
    return bool((corners > -1).all() and (corners < size).all())
