"""Between numpy and Arrow without pandas, which pyarrow else imports for it: half a second and 40 MB of every step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def to_arrow(values: Any, kind: pa.DataType) -> pa.Array:
    """Return numbers or truth values (rows,) as an Arrow array of a kind; NaN stays NaN."""
    if pa.types.is_boolean(kind):
        packed = np.packbits(np.asarray(values, bool), bitorder="little")
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(packed)])
    whole = np.ascontiguousarray(values, _DTYPES[kind])
    return pa.Array.from_buffers(kind, len(whole), [None, pa.py_buffer(whole)])


def to_dictionary(values: Sequence[str | None]) -> pa.DictionaryArray:
    """Return texts as a dictionary array, whose dictionary is in order of appearance; None is null."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(v for v in values if v is not None))}
    encoded = [text.encode() for text in numbers]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    names = pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))
    valid = np.packbits(np.array([v is not None for v in values], bool), bitorder="little")
    indices = np.array([0 if v is None else numbers[v] for v in values], np.int32)
    buffers = [pa.py_buffer(valid), pa.py_buffer(indices)]
    return pa.DictionaryArray.from_arrays(pa.Array.from_buffers(pa.int32(), len(indices), buffers), names)


def to_numpy(column: pa.ChunkedArray) -> Any:
    """Return a column of numbers or truth values as an array (rows,) that may be written to; null becomes NaN."""
    if column.null_count:
        return column.to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(column.type):
        return to_numpy(pc.cast(column, pa.uint8())).view(bool)
    chunks = [np.from_dlpack(chunk) for chunk in column.chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, _DTYPES[column.type])


_DTYPES = {
    pa.int16(): np.int16,
    pa.int32(): np.int32,
    pa.uint8(): np.uint8,
    pa.float32(): np.float32,
    pa.float64(): np.float64,
}
