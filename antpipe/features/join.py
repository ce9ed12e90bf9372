"""Measurements beside the features of a video, frame by frame: poses file and CSV in, one table out."""

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from antpipe.config.by_video import of_video
from antpipe.config.measurements import MeasurementsConfig
from antpipe.errors import ConfigError, MeasurementError
from antpipe.features.clocks import Clock, set_clock
from antpipe.features.frame_rows import frame_rows
from antpipe.features.joined_table import joined_schema, joined_table
from antpipe.features.per_frame import interpolate_per_frame, mean_per_frame
from antpipe.features.raw_times import RawVideo, find_raw_video
from antpipe.features.sensor import read_samples
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.poses import PosesInfo
from antpipe.poses_file import iter_poses, read_info
from antpipe.progress import show_progress


def join_file(
    table: str | Path,
    measurements: str | Path,
    output: str | Path,
    config: MeasurementsConfig,
    video: str | Path | None = None,
) -> None:
    """Write a table with a row for each frame and track: times, measured values, features.

    A frame without one of the chosen tracks has one row, without track and features, so that every frame examined has
    its measured values. Instances without a track are left out. Memory is that of a row group and of the samples.

    Args:
        table: poses with features.
        measurements: the sensor's text file.
        output: the Parquet file. The units of its columns are in their metadata, where it comes from in that of the
            file, under `antpipe_measurements`.
        config: how to read the sensor's file, how its clock goes, which tracks to take.
        video: the video of the poses, or the record that preprocess wrote beside it; the one they name by default.

    Raises:
        MeasurementError: if the sensor's file cannot be read, or has no value for any frame.
        ConfigError: if two columns have one name, or a chosen track is not in the video.
        PosesError: if the table cannot be read, or it cannot be told where its video begins in the raw video.
    """
    info = read_info(table)
    name = Path(info.video.path).stem
    raw, samples = find_raw_video(info, video), read_samples(measurements, config)
    clock = set_clock(config, of_video(config.sync, name) or (), _raw_rate(raw, config, measurements))
    times, interval = clock(samples.times), 1 / info.video.fps

    def measure(at: Array) -> Array:
        if config.method == "mean":
            return mean_per_frame(times, samples.values, at, interval)
        return interpolate_per_frame(times, samples.values, at, config.max_gap_s)

    schema = joined_schema(info, config, clock, measurements)
    wanted, met = of_video(config.tracks, name), set[str]()
    examined, counts = 0, np.zeros(len(config.columns), np.int64)
    with (
        atomic_path(output) as temporary,
        show_progress("join") as advance,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for rows in frame_rows(iter_poses(table), info, wanted):
            part, found = joined_table(rows, raw, measure, schema)
            if part.num_rows:
                writer.write_table(part)
            met.update(rows.track[rows.track != None])  # noqa: E711 (elementwise on an object array)
            examined, counts = examined + len(found), counts + np.count_nonzero(~np.isnan(found), axis=0)
            advance(examined, info.frame_total)
        _refuse_unknown_tracks(set(wanted or ()) - met, info)
        _report(dict(zip(config.columns, counts, strict=True)), examined, clock, (times[0], times[-1]), measurements)


def _raw_rate(raw: RawVideo, config: MeasurementsConfig, measurements: str | Path) -> float:
    if config.time_unit == "frame" and config.time is not None and not raw.even:
        raise MeasurementError(
            f"{measurements}: the raw video has no constant frame rate, so numbers of frames give no times; name a "
            "column of times in measurements.time"
        )
    return raw.fps


def _refuse_unknown_tracks(unknown: set[str], info: PosesInfo) -> None:
    if unknown:
        raise ConfigError(
            f"measurements.tracks: {info.video.path} has no track {sorted(unknown)[0]!r}; the report shows its tracks"
        )


def _report(
    counts: dict[str, int], examined: int, clock: Clock, span: tuple[float, float], measurements: str | Path
) -> None:
    """Say how much was joined; refuse a file that has no value for any frame."""
    for name, count in counts.items():
        if not count:
            raise MeasurementError(
                f"{measurements}: no frame has a value of {name!r}; by measurements.sync the samples lie from "
                f"{span[0]:.3f} to {span[1]:.3f} s of the raw video"
            )
        print(f"{name}: values in {count} of {examined} frames", file=sys.stderr)
    print(
        f"clock: {clock.rate:.9g} s of video in one unit of the file, which begins at {clock.offset_s:.3f} s; moments "
        f"in measurements.sync are met within {clock.miss_s:.3f} s",
        file=sys.stderr,
    )
