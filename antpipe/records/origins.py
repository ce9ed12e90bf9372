"""Where files come from: the record that each has, and its fingerprint."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from antpipe.files import fingerprint
from antpipe.records.entries import has_old_date
from antpipe.records.record import Record, is_as_made


class Origins:
    """Which job made which file; paths are as Snakemake has them, from the project's folder, which is where we are."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = list(records)
        self._made = {file["path"]: (record, file) for record in self.records for file in record.outputs}
        self._seen = {file["path"]: file for record in self.records for file in record.inputs if file["sha256"]}

    def __iter__(self) -> Iterator[str]:
        """Yield the files that jobs have made."""
        return iter(self._made)

    def maker(self, path: str) -> Record | None:
        """Return the record of the job that made a file; None for a file of the user."""
        return self._made[path][0] if path in self._made else None

    def find_copy(self, path: str | Path) -> str | None:
        """Return the file of which this is a copy, told by its content; None where it is none."""
        wanted = fingerprint(path)
        return next((name for name, (_, file) in self._made.items() if file["sha256"] == wanted), None)

    def fingerprint(self, path: str) -> str | None:
        """Return the SHA-256 of a file as it is now; None where it is gone.

        A file that has not changed since it was made, or since a job looked at it, is not read again.
        """
        if path in self._made:
            record, file = self._made[path]
            if is_as_made(file, record):
                return str(file["sha256"])
        if path in self._seen and has_old_date(self._seen[path]):
            return str(self._seen[path]["sha256"])
        return fingerprint(path) if os.path.isfile(path) else None

    def raw_files(self, record: Record) -> list[str]:
        """Return the files of the user that a job's results go back to, over all jobs between."""
        waiting, seen, raw = [record], {id(record)}, dict[str, None]()
        while waiting:
            for file in waiting.pop().inputs:
                maker = self.maker(file["path"])
                if maker is None:
                    raw[file["path"]] = None
                elif id(maker) not in seen:
                    seen.add(id(maker))
                    waiting.append(maker)
        return sorted(raw)
