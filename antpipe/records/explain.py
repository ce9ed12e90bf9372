"""Why a result is what it is: what made it, of what, how, and what would make it anew."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antpipe.errors import ConfigError
from antpipe.provenance import code_version
from antpipe.records.entries import has_old_date, state_of
from antpipe.records.origins import Origins
from antpipe.records.record import Record, read_records
from antpipe.records.sections import sections_of
from antpipe.records.task import RECORDS


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What is known of a result."""

    path: str
    record: Record
    state: str
    """`same` as it was made, `changed` or `gone`."""
    fingerprint: str
    """SHA-256, as it was made."""
    inputs: list[tuple[str, str, str | None]]
    """Path, state as above, and the SHA-256 that it had; where none was taken, that of now."""
    raw: list[str]
    """The files of the user that it goes back to."""
    sections: tuple[str, ...]
    """The parts of config.yaml that it depends on."""
    code: str
    """`same`, `changed` or `unknown`: the code behind the rule."""


def explain(path: str | Path, results: str | Path | None = None) -> Explanation:
    """Return what is known of a result file.

    Args:
        path: the file; one that lies elsewhere, as a copy does, is known again by its content.
        results: the folder of results; by default the one that the file lies in.

    Raises:
        ConfigError: if there are no records of results, or none of this file.
    """
    folder = Path(results).resolve() if results is not None else _folder_of(Path(path).resolve())
    records = read_records(folder)
    if not records:
        raise ConfigError(f"{folder}: expected a folder of results with records of jobs, but there are none in it")
    wanted = Path(path).resolve()
    with contextlib.chdir(folder / records[0].project):
        origins = Origins(records)
        name = next((name for name in origins if Path(name).resolve() == wanted), None)
        name = name or (origins.find_copy(wanted) if wanted.is_file() else None)
        record = origins.maker(name) if name is not None else None
        if name is None or record is None:
            raise ConfigError(f"{path}: no job of {folder} made this file, nor one with the same content")
        return _explanation(name, record, origins)


def _explanation(name: str, record: Record, origins: Origins) -> Explanation:
    made = next(file for file in record.outputs if file["path"] == name)
    return Explanation(
        path=name,
        record=record,
        state=state_of(made),
        fingerprint=made["sha256"],
        inputs=[_input(file, origins) for file in record.inputs],
        raw=origins.raw_files(record),
        sections=sections_of(record.rule),
        code=_code_state(str(record.params.get("code", ""))),
    )


def _input(file: Mapping[str, Any], origins: Origins) -> tuple[str, str, str | None]:
    path, sha256 = file["path"], file["sha256"]
    if sha256 is None:
        state = "same" if has_old_date(file) else "changed" if os.path.isfile(path) else "gone"
        return path, state, origins.fingerprint(path)
    return path, state_of(file), sha256


def flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested settings as (a.b.c, value)."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _folder_of(path: Path) -> Path:
    for folder in path.parents:
        if (folder / RECORDS).is_dir():
            return folder
    raise ConfigError(f"{path}: lies in no folder of results; name the folder that it was copied from with --results")


def _code_state(then: str) -> str:
    try:
        return "same" if code_version(then.partition("@")[0]) == then else "changed"
    except ModuleNotFoundError:
        return "unknown"
