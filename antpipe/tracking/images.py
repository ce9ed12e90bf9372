"""The pixels of the video that poses were found in."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from antpipe.errors import VideoError
from antpipe.poses import PosesInfo
from antpipe.tracking.registry import Images
from antpipe.video.read import VideoReader


@contextlib.contextmanager
def open_images(video: str | Path | None, info: PosesInfo) -> Iterator[Images | None]:
    """Yield a function that reads the image (height, width, 1) of a frame; None without a video.

    Raises:
        VideoError: if the video is not of the size that the poses refer to, or has too few frames.
    """
    if video is None:
        yield None
        return
    with VideoReader(video) as reader:
        wanted = info.video.width, info.video.height
        if (reader.width, reader.height) != wanted:
            raise VideoError(
                f"{video}: expected the video that the poses were found in, of {wanted[0]}x{wanted[1]} pixels, got "
                f"{reader.width}x{reader.height}; name {info.video.path}"
            )
        last = max((stop for _, stop in info.frames), default=0)
        if reader.frame_count < last:
            raise VideoError(
                f"{video}: expected the video that the poses were found in, of {last} frames or more, got "
                f"{reader.frame_count}; name {info.video.path}"
            )
        yield lambda frame_idx: reader.read(frame_idx).image
