"""Files that appear whole or not at all."""

import contextlib
import errno
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

DEEPEST = 50
"""Levels of what is read from JSON or YAML; nothing of ours has a dozen."""


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends without error.

    The temporary name ends in that of `path`, so that writers that judge by the suffix work. What was at `path`
    before stays until the new file is whole; a failed block leaves nothing behind.

    Raises:
        IsADirectoryError: before anything is written, if `path` is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=f".{path.name[-80:]}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        # mkstemp makes files private; results are for the whole lab, as the umask says.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_directory(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that takes its place when the block ends without error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name[:80]}.", dir=path.parent))
    try:
        yield temporary
        os.chmod(temporary, 0o777 & ~_umask())
        old = None
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name[:80]}.old.", dir=path.parent))
            os.replace(path, old / path.name)
        os.replace(temporary, path)
        if old is not None:
            shutil.rmtree(old)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def scratch_directory(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, for what is needed on the way to it; it goes when the block ends."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name[:80]}.", dir=path.parent) as folder:
        yield Path(folder)


def remove_leftovers(path: str | Path) -> None:
    """Remove what processes that were killed while they wrote `path` left beside it.

    To be called where no other process writes `path`.
    """
    path = Path(path)
    # As the functions above name them; the letters in the middle are those of `tempfile`.
    file = re.compile(rf"\.[a-z0-9_]{{8}}\.{re.escape(path.name[-80:])}")
    folder = re.compile(rf"\.{re.escape(path.name[:80])}\.(old\.)?[a-z0-9_]{{8}}")
    with contextlib.suppress(FileNotFoundError), os.scandir(path.parent) as entries:
        for entry in list(entries):
            if folder.fullmatch(entry.name):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif file.fullmatch(entry.name):
                Path(entry.path).unlink(missing_ok=True)


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as JSON with sorted-as-given keys, atomically."""
    with atomic_path(path) as temporary:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        ValueError: if it is not JSON, or nested deeper than `refuse_deep` allows.
    """
    return parse_json(Path(path).read_text(encoding="utf-8"))


def parse_json(text: str) -> Any:
    """Return what JSON text says.

    Raises:
        ValueError: as `read_json`.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    refuse_deep(value)
    return value


def refuse_deep(value: Any, most: float = math.inf) -> None:
    """Refuse dictionaries and lists within each other that are too many for the functions that walk through them.

    Raises:
        ValueError: beyond `DEEPEST` levels, as in what contains itself, or beyond `most` values, each counted as
            often as it is referred to.
    """
    level, count = [value], 0
    for _ in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inner(outer)]
        count += len(level)
        if not level:
            return
        if count > most:
            raise ValueError(f"it holds more than {most:,} values")
    raise ValueError(f"it is nested more than {DEEPEST} levels deep")


def _inner(outer: dict[Any, Any] | list[Any]) -> Iterable[Any]:
    return outer.values() if isinstance(outer, dict) else outer


def fingerprint(path: str | Path) -> str:
    """Return the SHA-256 of the whole file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
