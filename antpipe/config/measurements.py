"""Settings of the join with measurements of other devices, such as a force sensor."""

import itertools
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from antpipe.config.base import NonNegative, Positive, Section
from antpipe.config.by_video import ByVideo, only_for

SyncPoints = tuple[tuple[float, float], ...]
VIDEO_NAME = "{video}"


class CompareConfig(Section):
    """How measured values and features are compared: by their correlation at every lag."""

    features: tuple[str, ...] | None = None
    """Features to compare with each measured column, such as `angle.LHindLeg`. None: the first two angles."""
    max_lag_s: NonNegative = 2.0
    """Longest time by which a feature is taken to come before or after what is measured."""
    min_samples: Annotated[int, Field(ge=3)] = 30
    """A correlation needs at least this many frames with both values; else it is missing."""


class MeasurementsConfig(Section):
    """Measurements (CSV) that are joined to the frames of a video by time, and compared with features.

    Times of the video are seconds from the first frame of the raw video, whatever was cut.
    """

    files: ByVideo[str] = Field(default_factory=dict)
    """CSV files: `{video or pattern: file}`. `{video}` in a file's name stands for the name of the video, so
    `{"*": "force/{video}.csv"}` gives each its own. Commas, semicolons or tabs between columns, decimal points or
    commas, and lines above the header are recognised. Empty: nothing is joined."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Columns of the files that hold measured values, with their units: `{Force: mN}`."""
    time: str | None = None
    """Column of the files that holds the time, or the number of the frame."""
    time_unit: Literal["s", "ms", "us", "min", "frame"] = "s"
    """Unit of that column. `frame`: numbers of frames of the raw video, from 0."""
    rate: Positive | None = None
    """Samples per second of files without such a column: rows follow each other evenly."""
    sync: ByVideo[SyncPoints] = Field(default_factory=dict)
    """Moments that are known in both: `[[time in the file, seconds in the raw video], ...]`, the first in the unit of
    the file (seconds for `rate`). One shifts the clock of the sensor, two also stretch it (clocks drift); of more, the
    line that fits best. By video or pattern, as `files`. Empty: both clocks are one."""
    method: Literal["mean", "interpolate"] = "mean"
    """`mean`: of all samples nearer to this frame than to others, for sensors that are faster than the camera.
    `interpolate`: a straight line between the samples before and after a frame, for slower ones."""
    max_gap_s: NonNegative = 0.5
    """Longest time between two samples that `interpolate` bridges; within longer gaps frames have no value."""
    tracks: ByVideo[tuple[str, ...]] = Field(default_factory=dict)
    """Tracks whose features go beside the measured values, by video or pattern. Empty: all."""
    compare: CompareConfig = Field(default_factory=CompareConfig)
    """What is compared."""

    @field_validator("sync")
    @classmethod
    def _clocks_run_forward(cls, sync: dict[str, SyncPoints]) -> dict[str, SyncPoints]:
        for video, points in sync.items():
            for before, after in itertools.pairwise(sorted(points)):
                if after[0] <= before[0] or after[1] <= before[1]:
                    raise ValueError(f"{video}: expected both times to grow, got {list(before)} and {list(after)}")
        return sync

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.files:
            return self
        if not self.columns:
            raise ValueError("columns: name at least one measured column and its unit, such as {Force: mN}, got none")
        if (self.time is None) == (self.rate is None):
            came = "neither" if self.time is None else "both"
            raise ValueError(f"expected either time, the column of times, or rate, samples per second, got {came}")
        if self.time in self.columns:
            raise ValueError(f"columns: expected measured values, got {self.time!r}, which is the column of times")
        return self

    def of_video(self, video: str) -> Self:
        """Return the settings of one video."""
        files = {name: path.replace(VIDEO_NAME, video) for name, path in only_for(self.files, video).items()}
        return self.model_copy(
            update={"files": files, "sync": only_for(self.sync, video), "tracks": only_for(self.tracks, video)}
        )
