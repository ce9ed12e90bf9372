"""Decoded frames to arrays: full-range luma or RGB, upright."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from antpipe.errors import VideoError

Image = NDArray[np.uint8]
Orientation = tuple[int, int, int, int]
"""(a, b, c, d) of -1, 0, 1: a pixel (x, y) is shown at (a x + c y, b x + d y), shifted to start at 0."""

UPRIGHT: Orientation = (1, 0, 0, 1)
ONE = 1 << 16
UNSPECIFIED_COLORSPACE = 2
LUMA_BLACK, LUMA_WHITE = 16, 235

LUMA_PLANE_FORMATS = frozenset(
    [f"yuv{j}{s}p" for s in (410, 411, 420, 422, 440, 444) for j in ("", "j")]
    + [f"yuva{s}p" for s in (420, 422, 444)]
    + ["nv12", "nv21", "nv16", "nv24", "nv42", "gray", "gray8"]
)
"""Pixel formats whose first plane is brightness, one byte per pixel."""


def stretch_luma(luma: Image) -> Image:
    """Return full-range luma for limited-range luma: 16 becomes 0, 235 becomes 255, rounded, what is beyond cut off."""
    gain = 255 / (LUMA_WHITE - LUMA_BLACK)
    # One pass in vector instructions: twice as quick as a table of 256 entries, and the same for all 256 levels.
    return np.asarray(cv2.addWeighted(luma, gain, luma, 0.0, -LUMA_BLACK * gain), np.uint8)


def make_converter(channels: int, orientation: Orientation) -> Callable[[VideoFrame], Image]:
    """Return the function from decoded frames to arrays (height, width, channels), upright and contiguous."""
    reformatter = VideoReformatter()

    def convert(frame: VideoFrame) -> Image:
        plane = to_gray(frame, reformatter) if channels == 1 else to_rgb(frame, reformatter)
        upright = turn(plane, orientation)
        return upright if upright.ndim == 3 else upright[..., None]

    return convert


def to_gray(frame: VideoFrame, reformatter: VideoReformatter) -> Image:
    """Return full-range luma (height, width).

    It is the luma that the file holds, limited range stretched to 0 to 255; a gray video is taken as it is, an RGB
    video gets the luma of BT.601. That is what `ffmpeg -pix_fmt gray` gives, except that recent versions turn the
    luma of colour video tagged as BT.709 into that of BT.601.
    """
    if frame.format.name not in LUMA_PLANE_FORMATS:
        if not frame.format.is_rgb:
            # Recent libswscale mixes colour into the grey of BT.709 video; luma is to stay luma.
            frame.colorspace = UNSPECIFIED_COLORSPACE
        frame = reformatter.reformat(frame, format="gray", dst_color_range=ColorRange.JPEG, threads=1)
    plane = first_plane(frame)[:, : frame.width]
    return plane.copy() if is_full_range(frame) else stretch_luma(plane)


def to_rgb(frame: VideoFrame, reformatter: VideoReformatter) -> Image:
    """Return the frame as RGB (height, width, 3)."""
    rgb = reformatter.reformat(frame, format="rgb24", dst_color_range=ColorRange.JPEG, threads=1)
    image = first_plane(rgb)[:, : 3 * rgb.width].reshape(rgb.height, rgb.width, 3)
    # The memory of a converted frame is ours; that of a decoded frame may still be needed by the decoder.
    return image.copy() if rgb is frame else np.ascontiguousarray(image)


def is_full_range(frame: VideoFrame) -> bool:
    """Return whether black is 0 and white 255, not 16 and 235."""
    name = frame.format.name
    return name.startswith(("yuvj", "gray")) or frame.color_range == ColorRange.JPEG


def first_plane(frame: VideoFrame) -> Image:
    """Return the bytes (height, line size) of the first plane, without a copy: valid while the frame lives."""
    plane: Any = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, abs(plane.line_size))
    return rows if plane.line_size > 0 else rows[::-1]


def turn(image: Image, orientation: Orientation) -> Image:
    """Return the image as it is meant to be seen."""
    if orientation == UPRIGHT:
        return image
    a, b, c, d = orientation
    if b:
        image, across, down = image.swapaxes(0, 1), c, b
    else:
        across, down = a, d
    return np.ascontiguousarray(image[::down, ::across])


def read_orientation(frame: VideoFrame, path: object) -> Orientation:
    """Return how a frame is to be turned, from the display matrix that cameras write.

    Raises:
        VideoError: if the matrix does more than turn by quarters and mirror.
    """
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return UPRIGHT
    matrix = np.frombuffer(data, np.int32)
    a, b, c, d = (int(np.sign(v)) for v in matrix[[0, 1, 3, 4]])
    if abs(matrix[[0, 1, 3, 4]]).tolist() != [abs(v) * ONE for v in (a, b, c, d)] or abs(a * d - b * c) != 1:
        raise VideoError(f"{path}: expected a display matrix that turns by 0, 90, 180 or 270 degrees, got another")
    return a, b, c, d


def rotation_degrees(orientation: Orientation) -> int:
    """Return the clockwise turn, 0 to 270 degrees, that shows a frame upright."""
    a, b, _, _ = orientation
    return {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}[a, b]
