"""Raw videos into videos of which every frame can be found again, with a record of the way back."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import ffmpeg

import antpipe
from antpipe.config.preprocess import PreprocessConfig, crop_box
from antpipe.errors import VideoError
from antpipe.files import atomic_path, write_json
from antpipe.geometry import IDENTITY, Transform, crop_transform, resize_transform
from antpipe.video.encode import SCALE_FLAGS, encoder_options, frame_rate
from antpipe.video.ffmpeg import ffmpeg_command, file_url, run_ffmpeg
from antpipe.video.probe import VideoInfo, probe


class Plan(NamedTuple):
    """What is done to a raw video."""

    box: tuple[int, int, int, int]
    """Width, height, x, y of the crop in raw pixels."""
    scaled: tuple[int, int]
    """Width and height after scaling."""
    size: tuple[int, int]
    """Width and height of the result, even."""
    rate: Fraction
    """Frames per second of the result."""
    resample: bool
    """Whether frames are repeated or dropped to reach the rate."""

    def to_raw(self) -> Transform:
        """Return the map from pixels of the result to upright raw pixels."""
        there = crop_transform(self.box[2], self.box[3])
        if self.scaled != self.box[:2]:
            there = there.then(resize_transform(self.box[:2], self.scaled))
        return there.inverse() if there != IDENTITY else IDENTITY


def preprocess(
    video: str | Path,
    output: str | Path,
    config: PreprocessConfig,
    on_progress: Callable[[int, int | None], None] | None = None,
) -> dict[str, Any]:
    """Cut, scale and encode a raw video, and write what was done beside it, as OUTPUT with the suffix .json.

    The same video and settings give the same bytes. Audio is dropped.

    Args:
        video: the raw video.
        output: an MP4 file, which appears whole or not at all.
        config: what is done.
        on_progress: called with frames written and their expected number.

    Returns:
        The content of the sidecar.

    Raises:
        VideoError: if the video cannot be read, the crop leaves it, nothing is left, or output is the video itself.
    """
    video, output = Path(video), Path(output)
    if video.resolve() == output.resolve():
        raise VideoError(f"{output}: the output would replace the raw video; choose another name or folder")
    source = probe(video)
    plan = _make_plan(source, config)
    first, expected = _kept_frames(source, plan, config)
    with atomic_path(output) as temporary:
        stream = _stream(video, temporary, source, plan, config)
        run_ffmpeg(stream, None if on_progress is None else lambda done: on_progress(done, expected))
        result = probe(temporary)
        sidecar = {
            "antpipe_version": antpipe.__version__,
            "source": source.to_dict(),
            "output": {**result.to_dict(), "path": output.as_posix()},
            "settings": config.model_dump(mode="json"),
            "to_raw": plan.to_raw().to_dict(),
            "first_raw_frame": first,
            "command": [word.replace(str(temporary.absolute()), output.as_posix()) for word in ffmpeg_command(stream)],
            "notes": _notes(source, result, plan, expected),
        }
        write_json(output.with_suffix(".json"), sidecar)
    return sidecar


def _make_plan(source: VideoInfo, config: PreprocessConfig) -> Plan:
    raw = (source.width, source.height)
    box = crop_box(config.crop, raw) if config.crop is not None else (*raw, 0, 0)
    width, height, x, y = box
    if x + width > raw[0] or y + height > raw[1]:
        raise VideoError(
            f"{source.path}: crop of {width}x{height} at ({x}, {y}) leaves the frame of {raw[0]}x{raw[1]} pixels; "
            "change preprocess.crop"
        )
    scaled = (round(width * config.scale), round(height * config.scale))
    size = (scaled[0] // 2 * 2, scaled[1] // 2 * 2)
    if min(size) < 2:
        raise VideoError(
            f"{source.path}: {scaled[0]}x{scaled[1]} pixels are left after crop and scale, at least 2x2 are needed; "
            "change preprocess.crop or preprocess.scale"
        )
    rate = frame_rate(config.fps or source.fps)
    return Plan(box, scaled, size, rate, config.fps is not None or source.variable_frame_rate)


def _kept_frames(source: VideoInfo, plan: Plan, config: PreprocessConfig) -> tuple[int, int]:
    """Return the raw index of the first frame of the result, and how many frames it should have."""
    start, end = config.start or 0.0, min(config.end or source.duration_s, source.duration_s)
    # Half a frame of tolerance: times in files are rounded.
    first = max(-int(-(start * source.fps - 0.01) // 1), 0)
    last = min(-int(-(end * source.fps - 0.01) // 1), source.frame_count)
    if first >= last:
        raise VideoError(
            f"{source.path}: nothing lies between {start:g} s and {end:g} s; the video is {source.duration_s:.2f} s long; "
            "change preprocess.start and end"
        )
    expected = round((end - start) * float(plan.rate)) if plan.resample else last - first
    return first, expected


def _stream(video: Path, output: Path, source: VideoInfo, plan: Plan, config: PreprocessConfig) -> Any:
    stream = ffmpeg.input(file_url(video)).video.filter("setpts", "PTS-STARTPTS")
    if config.start is not None or config.end is not None:
        # Half a frame before, so that rounded times do not lose the frame at the very moment.
        half = 0.5 / source.fps
        bounds = {"start": max((config.start or 0.0) - half, 0.0)}
        if config.end is not None:
            bounds["end"] = config.end - half
        stream = stream.filter("trim", **bounds).filter("setpts", "PTS-STARTPTS")
    if plan.resample:
        stream = stream.filter("fps", fps=f"{plan.rate.numerator}/{plan.rate.denominator}")
    else:
        stream = stream.filter("setpts", f"N/({plan.rate.numerator}/{plan.rate.denominator})/TB")
    width, height, x, y = plan.box
    if (width, height) != (source.width, source.height):
        stream = stream.filter("crop", width, height, x, y, exact=1)
    if config.grayscale:
        stream = stream.filter("format", "gray")
    width, height = plan.scaled
    stream = stream.filter("scale", width, height, out_color_matrix="bt709", out_range="tv", flags=SCALE_FLAGS)
    if plan.size != plan.scaled:
        stream = stream.filter("format", "yuv444p").filter("crop", *plan.size, 0, 0, exact=1)
    options = encoder_options(
        crf=config.crf,
        preset=config.preset,
        keyframe_interval=config.keyframe_interval,
        codec=config.codec,
        pixel_format=config.pixel_format,
    )
    rate = f"{plan.rate.numerator}/{plan.rate.denominator}"
    return stream.output(file_url(output), **options, r=rate, fps_mode="cfr")


def _notes(source: VideoInfo, result: VideoInfo, plan: Plan, expected: int) -> list[str]:
    """Return what a user should know about the result, one sentence each."""
    notes = [f"raw video: {problem}" for problem in source.problems]
    if source.hdr:
        notes.append("raw video: HDR; its brightness was taken as it is, so the picture may look flat")
    if plan.size != plan.scaled:
        notes.append(f"{plan.scaled[0]}x{plan.scaled[1]} is odd; the last column or row was cut off for H.264")
    if plan.resample:
        notes.append(f"frames were repeated or dropped to reach {float(plan.rate):.6g} frames per second")
    if result.frame_count != expected:
        notes.append(f"{expected} frames were expected, {result.frame_count} came out")
    return notes
