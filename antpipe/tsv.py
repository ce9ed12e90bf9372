"""Tables as text with tabs between the cells."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from antpipe.files import atomic_path


def write_tsv(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table whole or not at all; None is an empty cell, and numbers keep the digits that they print with."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
