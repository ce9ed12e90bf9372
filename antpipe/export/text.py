"""Columns of numbers as text, for formats that are text."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from antpipe.geometry import Array


def as_text(values: Array | pa.Array, missing: str) -> pa.Array:
    """Return numbers as the shortest text that reads back as the same value, `missing` for those that are not there.

    32-bit numbers read back as the same 32-bit value. A whole number of a floating kind keeps its `.0`.
    """
    column = pa.array(values, from_pandas=True) if isinstance(values, np.ndarray) else values
    text = column.cast(pa.string())
    if pa.types.is_floating(column.type):
        whole = pc.match_substring_regex(text, r"^-?\d+$")
        text = pc.if_else(whole, pc.binary_join_element_wise(text, "0", "."), text)
    return pc.fill_null(text, missing)


def joined(*pieces: pa.Array | str, by: str = "") -> pa.Array:
    """Return the texts (rows,) of several columns one behind the other; a piece of text is the same in each row."""
    return pc.binary_join_element_wise(*pieces, by)


def joined_within(texts: pa.Array, length: int) -> pa.Array:
    """Return each `length` neighbouring texts as one, with commas between them."""
    offsets = np.arange(0, len(texts) + 1, length, dtype=np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts), ",")


def as_lines(texts: pa.Array) -> pa.Buffer | bytes:
    """Return texts as UTF-8, each with a line end behind it."""
    ended = joined(texts, "\n")
    # Arrow keeps the texts of a column one behind the other.
    return ended.buffers()[2] if len(ended) else b""
