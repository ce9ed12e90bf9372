"""From the clock of a sensor to the time of the raw video."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from antpipe.config.measurements import MeasurementsConfig
from antpipe.geometry import Array

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}


class Clock(NamedTuple):
    """A straight line from times in a sensor's file to seconds in the raw video."""

    offset_s: float
    """Time of the video when the file's time is 0."""
    rate: float
    """Seconds of the video in one unit of the file."""
    miss_s: float
    """Farthest distance of a moment that was given from the line."""

    def __call__(self, times: Array) -> Array:
        """Return times of the file in seconds of the raw video."""
        return self.offset_s + self.rate * times


def set_clock(config: MeasurementsConfig, sync: Sequence[tuple[float, float]], raw_fps: float) -> Clock:
    """Return the clock that moments known in both give.

    No moment: both clocks are one. One: the sensor's is shifted. Two: it is stretched, too. More: the line with the
    smallest squared distances from them.

    Args:
        config: says the unit of the file.
        sync: times in the file, and the same in seconds of the raw video.
        raw_fps: frames per second of the raw video, for files that count frames.
    """
    unit = 1.0 if config.time is None else 1 / raw_fps if config.time_unit == "frame" else SECONDS[config.time_unit]
    sensor, video = np.array(sync, np.float64).reshape(-1, 2).T
    if len(sensor) == 0:
        return Clock(0.0, unit, 0.0)
    middle = sensor.mean()
    rate = unit if len(sensor) == 1 else float(np.polyfit(sensor - middle, video, 1)[0])
    offset = float(video.mean() - rate * middle)
    return Clock(offset, rate, float(np.abs(offset + rate * sensor - video).max()))
