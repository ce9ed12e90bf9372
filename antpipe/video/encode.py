"""How antpipe encodes video: the same frames give the same bytes, and every frame can be reached quickly."""

from fractions import Fraction
from typing import Any

ENCODER_THREADS = 4
"""Fixed, because x264 writes other bytes for another number of threads."""
SCALE_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
"""Exact rounding, and the same pixels on every processor."""
BT709 = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}
"""For the filter setparams: how RGB was turned into luma and colour differences."""


def encoder_options(
    *, crf: int, preset: str, keyframe_interval: int, codec: str = "libx264", pixel_format: str = "yuv420p"
) -> dict[str, Any]:
    """Return ffmpeg output options for an MP4 that can be cut and sought at any frame.

    A key frame every `keyframe_interval` frames and nowhere else, no B-frames, closed groups, no audio, the index at
    the front, no date and no version in the file.
    """
    return {
        "format": "mp4",
        "vcodec": codec,
        "pix_fmt": pixel_format,
        "preset": preset,
        "crf": crf,
        "g": keyframe_interval,
        "bf": 0,
        "sc_threshold": 0,
        "flags:v": "+cgop+bitexact",
        "fflags": "+bitexact",
        "movflags": "+faststart",
        "threads": ENCODER_THREADS,
        "map_metadata": -1,
        "map_chapters": -1,
    }


def frame_rate(fps: float) -> Fraction:
    """Return frames per second as the fraction that video files keep: 29.97002997 is 30000/1001."""
    if fps < 1:  # one frame in many seconds: the seconds are what has to be exact
        return 1 / Fraction(1 / fps).limit_denominator(10_000)
    return Fraction(fps).limit_denominator(10_000)
