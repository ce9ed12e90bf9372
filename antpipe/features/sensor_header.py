"""Where the table begins in a text file of measurements: its encoding, its separator, its header."""

import codecs
import csv
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antpipe.errors import MeasurementError, shown

SEPARATORS = (";", "\t", ",")
HEADER_WITHIN = 100
"""The header is looked for in so many lines; sensors write their settings above it."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """How to read the rows of a file."""

    encoding: str
    separator: str
    line: int
    """Number of the header's line, from 1."""
    places: tuple[int, ...]
    """Place of each wanted column in a row."""
    width: int
    """Columns in the header."""


def find_header(path: str | Path, wanted: Sequence[str]) -> Header:
    """Return where the wanted columns are; the first line that names them all is the header.

    Raises:
        MeasurementError: if the file is missing, empty or no text, or no line names the columns.
    """
    encoding = _encoding(Path(path))
    with open(path, encoding=encoding, newline="") as file:
        lines = [line.strip("\r\n") for line in itertools.islice(file, HEADER_WITHIN)]
    for number, line in enumerate(lines, 1):
        for separator in SEPARATORS:
            names = split_line(line, separator)
            if set(wanted) <= set(names):
                twice = [name for name in wanted if names.count(name) > 1]
                if twice:
                    raise MeasurementError(f"{path}: the column {twice[0]!r} is there twice; rename one of them")
                places = tuple(names.index(name) for name in wanted)
                return Header(encoding=encoding, separator=separator, line=number, places=places, width=len(names))
    raise MeasurementError(f"{path}: expected the columns {list(wanted)}, {_what_came(lines)}; check the names")


def split_line(line: str, separator: str) -> list[str]:
    """Return the fields of a line, without spaces around them."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error:
        return []


def _encoding(path: Path) -> str:
    """Return the encoding of a text file: by its first bytes, else UTF-8, else what Western Windows writes."""
    if not path.is_file():
        raise MeasurementError(f"{path}: file of measurements not found; check the path")
    with open(path, "rb") as file:
        start = file.read(4)
    if not start:
        raise MeasurementError(f"{path}: expected a table of measurements, but the file is empty")
    is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if start.startswith(b"PK") or (b"\0" in start and not is_utf16):
        raise MeasurementError(f"{path}: expected a text file, but it is a spreadsheet or the like; save it as CSV")
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        if _can_decode(path, encoding):
            return encoding
    raise MeasurementError(f"{path}: expected a text file, but it is in no encoding that is known; save it as UTF-8")


def _can_decode(path: Path, encoding: str) -> bool:
    try:
        with open(path, encoding=encoding) as file:
            while file.read(1 << 20):
                pass
    except UnicodeError:
        return False
    return True


def _what_came(lines: Sequence[str]) -> str:
    """Return what the file has instead: the fields of the line that looks most like a header."""
    rows = [split_line(line, separator) for line in lines for separator in SEPARATORS]
    best = max(rows, key=lambda fields: sum(not field[:1].isdecimal() for field in fields if field), default=[])
    return f"got {shown(best)}"
