"""A joined table as series over the frames of the video."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from antpipe.errors import ConfigError, MeasurementError
from antpipe.features.joined_table import METADATA_KEY
from antpipe.geometry import Array

TYPICAL = 2
"""So many angles are compared where no feature is named: those of the hind legs come first."""


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
    features = _features(about["features"], features, path)
    table = pq.read_table(path, columns=["frame_idx", "raw_time_s", "track", *about["measured"], *features])
    frame_idx = table.column("frame_idx").to_numpy()
    places = frame_idx - frame_idx[:1]

    def spread(name: str) -> Array:
        values = np.full(int(places.max(initial=-1)) + 1, np.nan)
        values[places] = table.column(name).to_numpy()
        return values

    return Joined(
        fps=about["video"]["fps"],
        units={**about["measured"], **{name: about["features"][name]["unit"] for name in features}},
        raw_time_s=spread("raw_time_s"),
        measured={name: spread(name) for name in about["measured"]},
        tracks={
            name: (places[rows], {f: table.column(f).to_numpy()[rows].astype(np.float64) for f in features})
            for name, rows in _rows_by_track(table.column("track"))
        },
    )


def _about(path: str | Path) -> dict[str, Any]:
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowInvalid, OSError) as error:
        raise MeasurementError(f"{path}: expected a table that antpipe join wrote, but it cannot be read") from error
    if METADATA_KEY not in metadata:
        raise MeasurementError(f"{path}: expected a table that antpipe join wrote, but it has no metadata of that kind")
    about: dict[str, Any] = json.loads(metadata[METADATA_KEY])
    return about


def _features(known: Mapping[str, Any], named: Sequence[str] | None, path: str | Path) -> list[str]:
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
