"""What is done to a raw video: sizes, rate and frames, worked out before ffmpeg starts."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antpipe.config.preprocess import PreprocessConfig, crop_box
from antpipe.errors import VideoError
from antpipe.geometry import Transform, crop_transform, resize_transform
from antpipe.video.encode import frame_rate
from antpipe.video.index import Scan, index_packets
from antpipe.video.probe import VideoInfo
from antpipe.video.timing import measure_timing

EARLY = 0.1
"""Share of a frame by which a moment may miss the frame's time: times in files are rounded."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done to a raw video."""

    crop: tuple[int, int, int, int]
    """Width, height, x, y in upright raw pixels."""
    scaled: tuple[int, int]
    """Width and height after scaling."""
    size: tuple[int, int]
    """Width and height of the result: even, without the last column or row where `scaled` is odd."""
    rate: Fraction
    """Frames per second of the result."""
    resample: bool
    """Frames are repeated or dropped to reach the rate."""
    keeps_numbers: bool
    """Frame n of the result is frame `first_raw_frame` + n of the raw video."""
    kept: tuple[int, int]
    """First of the decoded frames to keep, and the first after it that is not kept."""
    first_raw_frame: int
    """Number of the first kept frame in the raw video, as VideoReader counts."""
    first_raw_time_s: float
    """Its time, in seconds from the first frame of the raw video."""
    expected_frames: int
    """Frames that the result should have."""

    def to_raw(self) -> Transform:
        """Return the map from pixels of the result to upright raw pixels."""
        raw = resize_transform(self.crop[:2], self.scaled).inverse().then(crop_transform(*self.crop[2:]).inverse())
        # Adding 0.0 turns -0.0 into 0.0, which reads better in a file.
        return Transform(scale=raw.scale, offset=(raw.offset[0] + 0.0, raw.offset[1] + 0.0))


def make_plan(path: str | Path, source: VideoInfo, scan: Scan, config: PreprocessConfig) -> Plan:
    """Return what is to be done.

    Args:
        path: the raw video.
        source: what it is.
        scan: what was found when it was decoded.
        config: what is wanted.

    Raises:
        VideoError: if the crop leaves the frame, or nothing is left of the picture or of the time.
    """
    crop = _fit_crop(source, config)
    scaled = (round(crop[0] * config.scale), round(crop[1] * config.scale))
    size = (scaled[0] // 2 * 2, scaled[1] // 2 * 2)
    if min(size) < 2:
        raise VideoError(
            f"{path}: expected at least 2x2 pixels after crop and scale, got {scaled[0]}x{scaled[1]}; "
            "change preprocess.crop or preprocess.scale"
        )
    times = scan.times_s()
    first, stop = _kept_frames(source, times, config)
    rate = frame_rate(config.fps or source.fps)
    resample = source.variable_frame_rate or rate != frame_rate(source.fps)
    kept_s = times[stop - 1] - times[first] + 1 / source.fps
    number, file_rate = _place_in_file(path, scan, first)
    return Plan(
        crop=crop,
        scaled=scaled,
        size=size,
        rate=rate,
        resample=resample,
        keeps_numbers=not resample or rate == file_rate,
        kept=(first, stop),
        first_raw_frame=number,
        first_raw_time_s=float(times[first]),
        expected_frames=max(1, round(kept_s * float(rate))) if resample else stop - first,
    )


def _fit_crop(source: VideoInfo, config: PreprocessConfig) -> tuple[int, int, int, int]:
    if config.crop is None:
        return source.width, source.height, 0, 0
    width, height, x, y = crop_box(config.crop, (source.width, source.height))
    if min(width, height) < 1 or x + width > source.width or y + height > source.height:
        raise VideoError(
            f"{source.path}: crop of {width}x{height} pixels at ({x}, {y}) does not fit the frame of "
            f"{source.width}x{source.height} pixels; change preprocess.crop"
        )
    return width, height, x, y


def _kept_frames(source: VideoInfo, times: NDArray[np.float64], config: PreprocessConfig) -> tuple[int, int]:
    early = EARLY / source.fps
    first = 0 if config.start is None else int(np.searchsorted(times, config.start - early))
    stop = len(times) if config.end is None else int(np.searchsorted(times, config.end - early))
    if first >= stop:
        raise VideoError(
            f"{source.path}: no frame from {config.start or 0.0:g} s to {config.end or source.duration_s:g} s; "
            f"the video lasts {source.duration_s:.2f} s; change preprocess.start or preprocess.end"
        )
    return first, stop


def _place_in_file(path: str | Path, scan: Scan, first: int) -> tuple[int, Fraction | None]:
    """Return the number of a decoded frame among all frames of the file, and the rate of these if it is constant.

    Both differ from those of the decoded frames where some frames of the file are broken.
    """
    index = index_packets(path)
    if index is None:
        return first, None
    timing = measure_timing(index.stamps, scan.tick, scan.rates)
    number = int(np.searchsorted(index.stamps, scan.stamps[first]))
    return number, None if timing.variable else frame_rate(float(timing.rate))
