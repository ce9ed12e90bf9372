"""A joined table as series over the frames of the video."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from antpipe.errors import ConfigError, MeasurementError, reason
from antpipe.features.joined_table import METADATA_KEY
from antpipe.files import parse_json
from antpipe.geometry import Array

TYPICAL = 2
"""So many angles are compared where no feature is named: those of the hind legs come first."""

MOST_FRAMES = 10_000_000
"""Four days of film; a frame beyond is a damaged number, and every frame before it takes memory."""


class Joined(NamedTuple):
    """Measured values and features, with a place for every frame from the first examined to the last."""

    fps: float
    units: Mapping[str, str]
    """By measured column and feature."""
    raw_time_s: Array
    """(frames,) seconds in the raw video; NaN where a frame was not examined."""
    measured: Mapping[str, Array]
    """(frames,) by column; NaN where missing."""
    tracks: Mapping[str, tuple[Array, Mapping[str, Array]]]
    """By track, in order of appearance: places (n,) of its frames, and features (n,) there."""


def read_joined(path: str | Path, features: Sequence[str] | None) -> Joined:
    """Return a joined table with some of its features; None: the first two angles, or where there is none, the first.

    Raises:
        MeasurementError: if the file is no joined table.
        ConfigError: if it lacks a feature.
    """
    about = _about(path)
    features = _features(about.features, features, path)
    table = _read(path, [*about.measured, *features])
    frame_idx = table.column("frame_idx").to_numpy()
    places = frame_idx - frame_idx[:1]

    def spread(name: str) -> Array:
        values = np.full(int(places.max(initial=-1)) + 1, np.nan)
        values[places] = table.column(name).to_numpy()
        return values

    return Joined(
        fps=about.fps,
        units={**about.measured, **{name: about.features[name]["unit"] for name in features}},
        raw_time_s=spread("raw_time_s"),
        measured={name: spread(name) for name in about.measured},
        tracks={
            name: (places[rows], {f: table.column(f).to_numpy()[rows].astype(np.float64) for f in features})
            for name, rows in _rows_by_track(table.column("track"))
        },
    )


class _About(NamedTuple):
    """What the metadata of a joined table says, as far as it is wanted here."""

    fps: float
    measured: Mapping[str, str]
    """Units by measured column."""
    features: Mapping[str, Mapping[str, str]]
    """`unit` and `meaning` by feature."""


_ABOUT = TypeAdapter(_About)


def _about(path: str | Path) -> _About:
    with _as_measurement_error(path):
        metadata = pq.read_schema(path).metadata or {}
    if METADATA_KEY not in metadata:
        raise MeasurementError(f"{path}: expected a table that antpipe join wrote, but it has no metadata of that kind")
    with _as_measurement_error(path):
        value = parse_json(metadata[METADATA_KEY].decode())
        wanted = {"fps": value["video"]["fps"], "measured": value["measured"], "features": value["features"]}
        about = _ABOUT.validate_python(wanted)
        if not (math.isfinite(about.fps) and about.fps > 0):
            raise ValueError(f"expected frames per second, got {about.fps}")
        if not all("unit" in feature for feature in about.features.values()):
            raise ValueError("a feature has no unit")
        return about


def _read(path: str | Path, columns: Sequence[str]) -> pa.Table:
    """Return frames, times, tracks and some columns more, each of its type, with rows in the order of frames."""
    kinds = {"frame_idx": pa.int32(), "raw_time_s": pa.float64(), "track": pa.dictionary(pa.int32(), pa.string())}
    schema = pa.schema([*kinds.items(), *((name, pa.float64()) for name in columns)])
    with _as_measurement_error(path):
        table = pq.read_table(path, columns=schema.names)
        if sorted(table.column_names) != sorted(schema.names):
            raise ValueError(f"expected the columns {schema.names}, got {table.column_names}")
        # Texts that are none, or too few of them for what refers to them, would end the process.
        table.column("track").validate(full=True)
        table = table.select(schema.names).cast(schema)
        frame_idx = table.column("frame_idx").to_numpy()
        if table.column("frame_idx").null_count or (np.diff(frame_idx, prepend=np.int32(0)) < 0).any():
            raise ValueError("rows are not sorted by frame")
        if len(frame_idx) and frame_idx[-1] - frame_idx[0] >= MOST_FRAMES:
            raise ValueError(f"frames {frame_idx[0]} to {frame_idx[-1]} are too many")
        return table


@contextlib.contextmanager
def _as_measurement_error(path: str | Path) -> Iterator[None]:
    """Turn what Arrow and others say of a damaged file into an error that names the file."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        raise MeasurementError(
            f"{path}: expected a table that antpipe join wrote, but it cannot be read ({reason(error)})"
        ) from error


def _features(known: Mapping[str, object], named: Sequence[str] | None, path: str | Path) -> list[str]:
    if named is None:
        angles = [name for name in known if name.startswith("angle.")]
        return angles[:TYPICAL] or list(known)[:1]
    unknown = [name for name in named if name not in known]
    if unknown:
        raise ConfigError(
            f"measurements.compare.features: {path} has no feature {unknown[0]!r}; choose among {list(known)}"
        )
    return list(named)


def _rows_by_track(column: pa.ChunkedArray) -> Iterator[tuple[str, Array]]:
    column = column.unify_dictionaries().combine_chunks()
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
    pieces = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    for rows in sorted((rows for rows in pieces if len(rows)), key=lambda rows: int(rows[0])):
        yield column.dictionary[codes[rows[0]]].as_py(), rows
