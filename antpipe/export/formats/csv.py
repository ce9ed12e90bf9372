"""The lab's long table as one CSV file."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from antpipe.export.long_table import LONG_SCHEMA, long_table
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource
from antpipe.files import atomic_path


@EXPORTERS.register("csv")
def export_csv(sources: Sequence[PosesSource], output: Path) -> None:
    """Write all videos one after the other as comma-separated UTF-8 text.

    Numbers are the shortest that read back as the same 32-bit value (64-bit for the time); a missing number is `nan`,
    a missing track an empty field; text with commas, quotes or line ends is quoted.
    """
    with atomic_path(output) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(LONG_SCHEMA.names) + "\n")
        for source in sources:
            for poses in source:
                file.writelines(f"{line}\n" for line in _lines(long_table(poses)))


def _lines(table: pa.Table) -> list[str]:
    # pandas takes five times as long, and Arrow's writer knows neither True nor quoting only where needed.
    columns = [_text(table.column(name).combine_chunks()) for name in table.column_names]
    return pc.binary_join_element_wise(*columns, ",").to_pylist()


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        quoted = pa.array([_quote(name) for name in column.dictionary.to_pylist()], pa.string())
        return pc.fill_null(pa.DictionaryArray.from_arrays(column.indices, quoted).cast(pa.string()), "")
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "True", "False")
    text = column.cast(pa.string())
    if pa.types.is_floating(column.type):
        whole = pc.match_substring_regex(text, r"^-?\d+$")
        text = pc.if_else(whole, pc.binary_join_element_wise(text, "0", "."), text)
    return pc.fill_null(text, "nan")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\r\n') else name
