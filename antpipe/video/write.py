"""Frames to a video file."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from antpipe.errors import VideoError
from antpipe.files import atomic_path
from antpipe.video.encode import BT709, SCALE_FLAGS, encoder_options, frame_rate
from antpipe.video.ffmpeg import FfmpegProcess, ffmpeg_command, file_url, running_ffmpeg


class VideoWriter:
    """Write frames to an MP4 file (H.264) that appears whole when the block ends, or not at all.

    The same frames give the same bytes. A grey level read back through full-range luma is within 2 levels of the
    written one, but for what compression takes.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        width: int,
        height: int,
        fps: float,
        grayscale: bool = False,
        crf: int = 23,
        preset: str = "superfast",
        keyframe_interval: int = 25,
    ) -> None:
        """Prepare to write; nothing is written before the block starts.

        Args:
            path: the file, which is replaced; its folder is made.
            width: of a frame in pixels, even, as H.264 needs it.
            height: as width.
            fps: frames per second.
            grayscale: frames are (height, width) or (height, width, 1) grey levels, else (height, width, 3) RGB.
            crf: quality, 0 (lossless) to 51.
            preset: x264's trade of time for size, such as superfast or medium.
            keyframe_interval: frames from one key frame to the next.
        """
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise ValueError(f"{path}: expected an even width and height of at least 2, got {width}x{height}")
        if not 0 < fps < float("inf"):
            raise ValueError(f"{path}: expected frames per second above 0, got {fps}")
        self.path = Path(path)
        self.frames_written = 0
        self._shape = (height, width) if grayscale else (height, width, 3)
        self._fps = frame_rate(fps)
        self._options = encoder_options(crf=crf, preset=preset, keyframe_interval=keyframe_interval)
        self._stack = contextlib.ExitStack()
        self._process: FfmpegProcess | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            command = ffmpeg_command(self._stream(temporary))
            self._process = stack.enter_context(running_ffmpeg(command, place=self.path, fed=True))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process = None
        if kind is not None or self.frames_written:
            self._stack.__exit__(kind, error, trace)
            return
        empty = VideoError(f"{self.path}: expected frames to write, got none")
        self._stack.__exit__(VideoError, empty, None)
        raise empty

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame: uint8 (height, width, 3) RGB, or grey levels (height, width) or (height, width, 1).

        Raises:
            ValueError: if the frame is not of this type and size.
            VideoError: if ffmpeg cannot write, say because the disk is full.
        """
        if self._process is None:
            raise ValueError(f"{self.path}: write frames inside the writer's with block")
        image = frame[..., 0] if frame.ndim == 3 and len(self._shape) == 2 and frame.shape[2] == 1 else frame
        if image.dtype != np.uint8 or image.shape != self._shape:
            raise ValueError(f"{self.path}: expected uint8 {self._shape}, got {frame.dtype} {frame.shape}")
        self._process.write(np.ascontiguousarray(image).data.cast("B"))
        self.frames_written += 1

    def _stream(self, path: Path) -> Any:
        height, width = self._shape[:2]
        pixel_format = "gray" if len(self._shape) == 2 else "rgb24"
        source = ffmpeg.input("pipe:", format="rawvideo", pix_fmt=pixel_format, s=f"{width}x{height}", r=self._fps)
        scaled = source.filter("scale", out_color_matrix="bt709", out_range="tv", flags=SCALE_FLAGS)
        return scaled.filter("format", "yuv420p").filter("setparams", **BT709).output(file_url(path), **self._options)
