"""The lab's long table as one CSV file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from antpipe.export.long_table import LONG_SCHEMA, long_table
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource
from antpipe.export.tell import tell_empty_frames
from antpipe.export.text import as_lines, as_text, joined
from antpipe.files import atomic_path


@EXPORTERS.register("csv")
def export_csv(sources: Sequence[PosesSource], output: Path) -> None:
    """Write all videos one after the other as comma-separated UTF-8 text.

    Numbers are the shortest that read back as the same 32-bit value (64-bit for the time); a missing number is `nan`,
    a missing track an empty field; text with commas, quotes or line ends is quoted.
    """
    with atomic_path(output) as temporary, open(temporary, "wb") as file:
        file.write((",".join(LONG_SCHEMA.names) + "\n").encode())
        for source in sources:
            with_animals = 0
            for poses in source:
                file.write(as_lines(_rows(long_table(poses))))
                with_animals += len(np.unique(poses.frame_idx))
            tell_empty_frames(output, source.info, with_animals)


def _rows(table: pa.Table) -> pa.Array:
    # pandas takes five times as long, and Arrow's writer knows neither True nor quoting only where needed.
    columns = [_text(table.column(name).combine_chunks()) for name in table.column_names]
    return joined(*columns, by=",")


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        quoted = pa.array([_quote(name) for name in column.dictionary.to_pylist()], pa.string())
        return pc.fill_null(pa.DictionaryArray.from_arrays(column.indices, quoted).cast(pa.string()), "")
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "True", "False")
    return as_text(column, "nan")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\r\n') else name
