"""The record of a job that is done: what it made, of what, with which settings and code."""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antpipe.errors import ConfigError
from antpipe.files import read_json, write_json
from antpipe.provenance import today, versions
from antpipe.records.entries import input_entries, output_entries
from antpipe.records.task import RECORDS, Task

GRACE_S = 600.0
"""Snakemake looks at the outputs of a job, and gives them a new time, at most so much later."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a job made."""

    rule: str
    wildcards: dict[str, str]
    log: str
    project: str
    """The folder from which all paths count, seen from the folder of results."""
    date: str
    """Day (UTC) on which it was made."""
    seconds: float
    """What the job took."""
    threads: int
    params: dict[str, Any]
    """Settings, seed, and the version of the code, as the rule gave them."""
    versions: dict[str, str]
    """Of Python and of the packages that results depend on."""
    inputs: list[dict[str, Any]]
    """As `input_entries` gives them."""
    outputs: list[dict[str, Any]]
    """As `output_entries` gives them."""
    written_s: float
    """When the record was written, in seconds since 1970, by the clock of the computer that keeps the files."""


def write_record(task: Task, started_s: float) -> None:
    """Write down what a job has made, once it is done; a folder that cannot be written is said and does no harm.

    Files are hashed here, while they are still in the computer's memory.
    """
    path = task.file_in(RECORDS)
    try:
        record = {
            "rule": task.rule,
            "wildcards": dict(task.wildcards),
            "log": task.log,
            "project": Path(os.path.relpath(".", task.results)).as_posix(),
            "date": today(),
            "seconds": round(time.time() - started_s, 1),
            "threads": task.threads,
            # A setting that JSON does not know must not stop a job that is done.
            "params": json.loads(json.dumps(dict(task.params), default=str)),
            "versions": versions(),
            "inputs": input_entries(task.inputs, task.outputs),
            "outputs": output_entries(task.outputs),
        }
        write_json(path, record)
    except OSError as error:
        print(f"{path}: no record is kept of this job ({error.strerror}); its results are whole", file=sys.stderr)


def read_records(results: str | Path) -> list[Record]:
    """Return the records below a folder of results, in the order of their paths.

    Raises:
        ConfigError: if one is not as this version writes it.
    """
    return [_read(path) for path in sorted(Path(results, RECORDS).rglob("[!.]*.json"))]


def _read(path: Path) -> Record:
    try:
        return Record(**read_json(path), written_s=path.stat().st_mtime)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: expected a job's record as this version of antpipe writes it; remove it, and it is made again "
            "with the job's results"
        ) from error


def is_as_made(file: dict[str, Any], record: Record) -> bool:
    """Return whether an output has the size that it had, and a time at which its job ended.

    Not the time at which it was written: Snakemake gives each output a new one when its job is over.
    """
    try:
        about = os.stat(file["path"])
    except FileNotFoundError:
        return False
    return about.st_size == file["size"] and about.st_mtime <= record.written_s + GRACE_S
