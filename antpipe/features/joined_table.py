"""The joined table: its columns, their units, and where they come from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from antpipe.config.measurements import MeasurementsConfig
from antpipe.errors import ConfigError
from antpipe.features.clocks import Clock
from antpipe.features.frame_rows import FrameRows
from antpipe.features.raw_times import RawVideo
from antpipe.files import fingerprint
from antpipe.geometry import Array
from antpipe.poses import PosesInfo
from antpipe.provenance import provenance

METADATA_KEY = b"antpipe_measurements"

Measure = Callable[[Array], Array]
"""Takes times (frames,) of the raw video, growing, and returns the measured values (frames, columns)."""


def joined_schema(info: PosesInfo, config: MeasurementsConfig, clock: Clock, measurements: str | Path) -> pa.Schema:
    """Return the columns of the joined table; the metadata says what was joined.

    Raises:
        ConfigError: if two columns have one name.
    """
    about: dict[str, Any] = {
        "video": vars(info.video),
        "measured": config.columns,
        "features": info.features,
        "clock": clock._asdict(),
        "provenance": {
            **info.provenance,
            "measurements": provenance(
                "antpipe join",
                file=Path(measurements).as_posix(),
                fingerprint=fingerprint(measurements),
                settings=config.model_dump(mode="json"),
            ),
        },
    }
    fields = [
        pa.field("frame_idx", pa.int32(), metadata={"meaning": "index in the video, from 0"}),
        pa.field("raw_frame_idx", pa.int32(), metadata={"meaning": "index in the raw video, from 0"}),
        pa.field("time_s", pa.float64(), metadata={"unit": "s", "meaning": "from the start of the video"}),
        pa.field("raw_time_s", pa.float64(), metadata={"unit": "s", "meaning": "from the start of the raw video"}),
        pa.field("track", pa.dictionary(pa.int32(), pa.string())),
        *(pa.field(name, pa.float64(), metadata={"unit": unit}) for name, unit in config.columns.items()),
        *(pa.field(name, pa.float32(), metadata=meta) for name, meta in info.features.items()),
    ]
    names = [field.name for field in fields]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(
            f"measurements.columns: the table has a column {twice[0]!r} already; rename the one in the CSV"
        )
    return pa.schema(fields, {METADATA_KEY: json.dumps(about, ensure_ascii=False).encode()})


def joined_table(rows: FrameRows, raw: RawVideo, measure: Measure, schema: pa.Schema) -> tuple[pa.Table, Array]:
    """Return rows as a table, and the values measured in each of their frames."""
    raw_time = rows.time_s + raw.first_time_s
    _, first, frame = np.unique(rows.frame_idx, return_index=True, return_inverse=True)
    found = measure(raw_time[first])
    shift = raw.first_frame
    columns = [
        rows.frame_idx,
        pa.nulls(len(frame), pa.int32()) if shift is None else rows.frame_idx + np.int32(shift),
        rows.time_s,
        raw_time,
        pa.array(rows.track.tolist(), pa.string()).dictionary_encode(),
        *found[frame].T,
        *rows.features.values(),
    ]
    arrays = [pa.array(c, f.type) if isinstance(c, np.ndarray) else c for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema), found
