"""The ffmpeg command that carries out a plan."""

import functools
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
from av.video.format import VideoFormat

from antpipe.config.preprocess import PreprocessConfig
from antpipe.video.encode import SCALE_FLAGS, encoder_options
from antpipe.video.ffmpeg import ffmpeg_binary, file_url
from antpipe.video.plan import Plan
from antpipe.video.probe import VideoInfo

RGB_MATRIX = "smpte170m"
"""RGB video gets the luma of BT.601, which is what reading it as grey gives."""
PEAK_NITS = 100


def make_stream(
    video: str | Path, output: str | Path, source: VideoInfo, plan: Plan, config: PreprocessConfig, threads: int
) -> Any:
    """Return the ffmpeg-python stream that makes `output` out of `video`; see `Plan` for what is done."""
    # Only the first real video stream, which ffmpeg turns upright by itself; pictures of covers, sound and data stay.
    stream = ffmpeg.input(file_url(video), threads=threads)["V:0"]
    stream = crop_and_cut(stream, source, plan)
    stream = to_yuv420(stream, source, plan)
    if plan.size != plan.scaled:
        stream = stream.filter("crop", *plan.size, 0, 0, exact=1)
    if config.grayscale:
        stream = stream.filter("lutyuv", u=128, v=128)
    options = encoder_options(
        crf=config.crf,
        preset=config.preset,
        keyframe_interval=config.keyframe_interval,
        codec=config.codec,
        pixel_format=config.pixel_format,
    )
    return stream.output(file_url(output), **options, r=plan.rate)


def crop_and_cut(stream: Any, source: VideoInfo, plan: Plan) -> Any:
    """Append the crop in space and time, and the frame rate."""
    if plan.crop != (source.width, source.height, 0, 0):
        stream = stream.filter("crop", *plan.crop, exact=1)
    if plan.kept != (0, source.frame_count):
        stream = stream.filter("trim", start_frame=plan.kept[0], end_frame=plan.kept[1])
    if plan.resample:
        stream = stream.filter("setpts", "PTS-STARTPTS").filter("fps", fps=plan.rate)
    return stream.filter("settb", Fraction(1) / plan.rate).filter("setpts", "N")


def to_yuv420(stream: Any, source: VideoInfo, plan: Plan) -> Any:
    """Append the resize and the conversion to 8 bit, 4:2:0, limited range; the luma of YUV video stays as it is."""
    if source.hdr and can_tone_map():
        stream = tone_map(stream)
    options: dict[str, Any] = {"out_range": "tv", "flags": SCALE_FLAGS}
    if is_rgb(source):
        options["out_color_matrix"] = RGB_MATRIX
    return stream.filter("scale", *plan.scaled, **options).filter("format", "yuv420p")


def tone_map(stream: Any) -> Any:
    """Append the conversion of HDR (PQ or HLG, BT.2020) to BT.709, so that it looks as on an ordinary screen."""
    stream = stream.filter("zscale", min="2020_ncl", pin="2020", t="linear", npl=PEAK_NITS)
    stream = stream.filter("format", "gbrpf32le").filter("zscale", p="709").filter("tonemap", "hable", desat=0)
    return stream.filter("zscale", t="709", m="709", r="tv").filter("format", "yuv420p")


def is_rgb(source: VideoInfo) -> bool:
    """Return whether a video stores red, green and blue, itself or through a palette."""
    format_ = VideoFormat(source.pixel_format)
    return format_.is_rgb or format_.has_palette


@functools.cache
def can_tone_map() -> bool:
    """Return whether this ffmpeg has the filters that HDR needs."""
    listing = subprocess.run([ffmpeg_binary(), "-hide_banner", "-filters"], capture_output=True, text=True, check=False)
    words = set(listing.stdout.split())
    return {"zscale", "tonemap"} <= words
