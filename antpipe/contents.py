"""What is in a file, told by its bytes and not by its date.

A copy or a checkout gives a file a new date and the same bytes; `rsync -a` gives it new bytes and an old date.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from antpipe.files import read_json, write_json

BLOCK = 1 << 16
BLOCKS = 32
"""Of a larger file so many blocks are looked at, evenly spaced, the first and the last among them."""

EVERY_BYTE = {".slp", ".csv", ".tsv", ".txt", ".h5", ".json"}
"""Kinds of files in which one corrected number matters."""


def contents_of(paths: Iterable[str], cache: str | Path) -> dict[str, str]:
    """Return a short hash of what is in each file; files that are not there are left out.

    Of a video, thirty-two blocks tell; of labels and tables every byte does, because one corrected point changes a
    few. What was found is kept in `cache`, and taken from there while size, date and inode stay the same; a cache that
    cannot be written costs time only.
    """
    known = _read(cache)
    found: dict[str, list[object]] = {}
    for path in paths:
        try:
            about = os.stat(path)
        except FileNotFoundError:
            continue
        same = [about.st_size, about.st_mtime_ns, about.st_ino]
        old = known.get(path)
        found[path] = old if old is not None and old[:3] == same else [*same, content_of(path)]
    if any(known.get(path) != entry for path, entry in found.items()):
        _write(cache, known | found)
    return {path: str(entry[3]) for path, entry in found.items()}


def content_of(path: str | Path) -> str:
    """Return a short hash of what is in a file."""
    digest = hashlib.sha256()
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if size <= BLOCK * BLOCKS or Path(path).suffix.lower() in EVERY_BYTE:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
        digest.update(str(size).encode())
        for number in range(BLOCKS):
            file.seek((size - BLOCK) * number // (BLOCKS - 1))
            digest.update(file.read(BLOCK))
    return digest.hexdigest()[:16]


def _read(cache: str | Path) -> dict[str, list[object]]:
    try:
        value = read_json(cache)
    except (OSError, ValueError):
        # Not there yet, or not to be read: everything is looked at again.
        return {}
    entries = value.items() if isinstance(value, dict) else ()
    return {path: entry for path, entry in entries if isinstance(entry, list) and len(entry) == 4}


def _write(cache: str | Path, entries: dict[str, list[object]]) -> None:
    try:
        write_json(cache, entries)
    except OSError:
        # A project that is only looked at need not be writable.
        return
