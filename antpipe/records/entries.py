"""Files in records: what is kept of each, and whether it is still the same."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from antpipe.files import fingerprint
from antpipe.video.sidecar import read_sidecar

Entry = dict[str, Any]
MOST_READ = 4 << 30
"""Bytes: of inputs that are larger together, and of which nothing tells the hash, none is read for it."""


def output_entries(outputs: Iterable[str]) -> list[Entry]:
    """Return `path`, `size` (bytes) and `sha256` of what a job has made; files of a folder come one by one."""
    return [{"path": path, "size": os.path.getsize(path), "sha256": fingerprint(path)} for path in each_file(outputs)]


def input_entries(inputs: Iterable[str], outputs: Sequence[str]) -> list[Entry]:
    """Return `path`, `size`, `mtime_ns` and `sha256` of what a job was given.

    The hashes of videos stand in their sidecars. Of thousands of other files, as a summary has them, there may be none
    (null): then the records of the jobs that made them tell.
    """
    files = list(each_file(inputs))
    known = _hashes_of_videos([*files, *outputs])
    unknown = sum(os.path.getsize(path) for path in files if path not in known)
    return [
        {**describe(path), "sha256": known.get(path) or (fingerprint(path) if unknown <= MOST_READ else None)}
        for path in files
    ]


def _hashes_of_videos(paths: Iterable[str]) -> dict[str, str]:
    """Return the hashes that sidecars tell, of preprocessed videos and of those that they were made from."""
    sidecars = [read_sidecar(path) for path in paths if path.endswith(".mp4")]
    videos = [sidecar[part] for sidecar in sidecars if sidecar for part in ("source", "output")]
    return {
        video["path"]: video["fingerprint"]
        for video in videos
        if os.path.isfile(video["path"]) and os.path.getsize(video["path"]) == video["size_bytes"]
    }


def describe(path: str) -> Entry:
    """Return path, size and time of a file."""
    about = os.stat(path)
    return {"path": path, "size": about.st_size, "mtime_ns": about.st_mtime_ns}


def has_old_date(entry: Mapping[str, Any]) -> bool:
    """Return whether an input has the size and time that it had."""
    path = entry["path"]
    return os.path.isfile(path) and describe(path) == {key: entry[key] for key in ("path", "size", "mtime_ns")}


def state_of(entry: Mapping[str, Any]) -> str:
    """Return whether a file is the `same` as it was, `changed` or `gone`; it is read if its date does not tell."""
    path = entry["path"]
    if not os.path.isfile(path):
        return "gone"
    if "mtime_ns" in entry and has_old_date(entry):
        return "same"
    return "same" if entry["size"] == os.path.getsize(path) and entry["sha256"] == fingerprint(path) else "changed"


def each_file(paths: Iterable[str]) -> Iterator[str]:
    """Yield files, and in place of a folder the files below it; hidden ones are not results."""
    for path in paths:
        if os.path.isdir(path):
            yield from (p.as_posix() for p in sorted(Path(path).rglob("[!.]*")) if p.is_file())
        else:
            yield path
