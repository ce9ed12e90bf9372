"""Texts of an HDF5 file, checked before HDF5 reads them.

HDF5 (up to 1.14) trusts where a damaged file says that its texts lie: it may step on the spot forever, or fill the
memory for minutes. Texts of variable length lie in heaps: a header of 16 bytes, then objects, each of a number
(2 bytes, 0 for what is free), a use count, a size (8 bytes), and its content; the size of free space counts its header.
A table of texts holds for each one its length (4 bytes), the address of its heap (8 bytes) and its number there
(4 bytes). HDF5 file format specification 3.0, section III.E.

The names in a group lie in a heap of another kind: after 8 bytes the size of its content, the place of its first free
part, and the address of its content (8 bytes each); a free part begins with the place of the next one, 1 for none.
Section III.D.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from antpipe.geometry import Array

HEAP, NAMES = b"GCOL\x01", b"HEAP\0\0\0\0"
REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])
TABLES = ("videos_json", "tracks_json", "suggestions_json", "sessions_json", "provenance_json")


def check_texts(path: str | Path, file: h5py.File) -> None:
    """Refuse an HDF5 file, open as `file`, whose texts do not lie where it says.

    Raises:
        ValueError: if a heap or a table of texts, or a heap of names, is damaged.
    """
    with open(path, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(HEAP)
        while place >= 0:
            _read_heap(content, place)
            place = content.find(HEAP, place + 1)
        place = content.find(NAMES)
        while place >= 0:
            _check_free_parts(content, place)
            place = content.find(NAMES, place + 1)
        for name in TABLES:
            for start, size in _raw_places(file, name):
                rows = content[start : start + size]
                _check_references(content, np.frombuffer(rows[: len(rows) // 16 * 16], REFERENCE))


def _read_heap(content: mmap.mmap, heap: int) -> dict[int, int]:
    """Return the sizes of the objects of a heap by number."""
    end = min(heap + int.from_bytes(content[heap + 8 : heap + 16], "little"), len(content))
    place, sizes = heap + 16, {}
    while place + 16 <= end:
        number = int.from_bytes(content[place : place + 2], "little")
        size = int.from_bytes(content[place + 8 : place + 16], "little")
        if number == size == 0:
            raise ValueError("a heap of texts is damaged")
        sizes[number] = size
        place += 16 + -(-size // 8) * 8 if number else size
    return sizes


def _check_free_parts(content: mmap.mmap, heap: int) -> None:
    """Refuse a heap of names whose free parts follow each other in a circle; HDF5 sees the other mistakes."""
    size, free, start = np.frombuffer(content[heap + 8 : heap + 32].ljust(24, b"\0"), "<u8").tolist()
    seen = {1}
    while free not in seen and free + 16 <= size:
        seen.add(free)
        free = int.from_bytes(content[start + free : start + free + 8], "little")
    if free in seen - {1}:
        raise ValueError("a heap of names is damaged")


def _raw_places(file: h5py.File, name: str) -> Iterator[tuple[int, int]]:
    """Yield address and size of the parts of a table of texts of variable length, as they lie in the file."""
    table = file.get(name)
    if not isinstance(table, h5py.Dataset):
        return
    kind = h5py.check_string_dtype(table.dtype)
    if kind is None or kind.length is not None or table.compression is not None:
        return
    size = 16 * int(table.size)
    if table.chunks is None:
        if table.id.get_offset() is not None:
            yield table.id.get_offset(), size
        return
    for number in range(table.id.get_num_chunks()):
        chunk = table.id.get_chunk_info(number)
        # The rest of the last chunk is not filled.
        yield chunk.byte_offset, min(chunk.size, max(size - 16 * chunk.chunk_offset[0], 0))


def _check_references(content: mmap.mmap, references: Array) -> None:
    heaps: dict[int, dict[int, int]] = {}
    for length, heap, number in references.tolist():
        if not length:
            continue
        if content[heap : heap + len(HEAP)] != HEAP:
            raise ValueError("texts are not where the file says")
        if heap not in heaps:
            heaps[heap] = _read_heap(content, heap)
        if heaps[heap].get(number, -1) < length:
            raise ValueError("texts are not where the file says")
