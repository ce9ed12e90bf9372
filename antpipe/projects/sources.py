"""The files that a new project is made from, as its configuration names them."""

import glob
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from antpipe.errors import ConfigError
from antpipe.files import atomic_path

LABEL_SUFFIXES = (".slp", ".h5", ".hdf5", ".json", ".csv", ".mat", ".nwb", ".xml")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".webm", ".wmv")


def is_label_file(path: str | Path) -> bool:
    """Return whether a file is one of labels, by its suffix."""
    return Path(path).suffix.lower() in LABEL_SUFFIXES


def find_files(option: str, given: Iterable[str | Path], suffixes: Sequence[str]) -> list[str]:
    """Return what was given as names and patterns, each of which finds a file; a folder means the files in it.

    Args:
        option: what errors call it.
        given: files, folders, or patterns such as `films/*.mp4`.
        suffixes: of the files that are taken from a folder.

    Raises:
        ConfigError: if something given finds no file.
    """
    found: list[str] = []
    for path in map(str, given):
        if os.path.isdir(path):
            inside = {name.suffix for name in Path(path).iterdir() if name.suffix.lower() in suffixes}
            if not inside:
                raise ConfigError(f"{option}: {path}: expected files with one of {list(suffixes)}, but none is in it")
            found += [os.path.join(path, f"*{suffix}") for suffix in sorted(inside)]
        elif os.path.isfile(path) or glob.glob(path, recursive=True):
            found.append(path)
        else:
            raise ConfigError(f"{option}: no file matches {path!r} (looked in {Path.cwd()}); check the path")
    if not found:
        raise ConfigError(f"{option}: expected files, folders or patterns such as 'films/*.mp4', got none")
    return list(dict.fromkeys(found))


def as_seen_from(folder: str | Path, paths: Iterable[str]) -> list[str]:
    """Return paths as a configuration in `folder` names them: relative if they lie in it, else absolute."""
    inside = Path(folder).absolute()
    absolute = [Path(os.path.abspath(path)) for path in paths]
    return [(p.relative_to(inside) if p.is_relative_to(inside) else p).as_posix() for p in absolute]


def copy_into(folder: str | Path, paths: Iterable[str]) -> list[str]:
    """Copy the files that names and patterns find into `folder`; return the copies.

    A copy that is there already, from a command that was interrupted, is not made again.

    Raises:
        ConfigError: if there is another file of that name.
    """
    copies: list[str] = []
    for path in paths:
        for file in [path] if os.path.isfile(path) else sorted(glob.glob(path, recursive=True)):
            copy = os.path.join(folder, os.path.basename(file))
            if not os.path.exists(copy):
                with atomic_path(copy) as temporary:
                    shutil.copy2(file, temporary)
            elif not _alike(file, copy):
                raise ConfigError(f"{copy}: is there already, and would be replaced by {file}; rename one of them")
            copies.append(copy)
    return copies


def _alike(file: str, copy: str) -> bool:
    a, b = os.stat(file), os.stat(copy)
    return (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)
