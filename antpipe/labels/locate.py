"""Finding the video that a label file means: the stored path is often that of another computer."""

import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from antpipe.config.labels import MergeConfig
from antpipe.errors import ConfigError, shown


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where to look for videos."""

    search: tuple[str, ...] = ()
    """Folders."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Beginnings of stored paths, each with what stands there on this computer."""

    @classmethod
    def of(cls, config: MergeConfig) -> "Places":
        """Return the places that a configuration names.

        Raises:
            ConfigError: if a search folder does not exist.
        """
        missing = [folder for folder in config.search if not os.path.isdir(folder)]
        if missing:
            raise ConfigError(f"merge.search: expected folders, but {shown(missing)} are none; check the paths")
        return cls(search=tuple(config.search), prefixes=config.prefixes)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A video file, and how it was found."""

    path: Path
    by: str
    """`prefix`, `stored path`, `search folder` or `beside the labels`."""


def find_video(stored: str, labels_path: str | Path, places: Places) -> Found | None:
    """Return the file that a stored path of any operating system stands for; None if it is nowhere.

    Tried in turn: the path with its beginning replaced as `places.prefixes` says (the longest one that fits); the path
    itself, where it is relative also from the label file's folder; the search folders in their order, each with as
    many of the path's last parts as lead to a file; the label file's own folder.
    """
    folder, stored = Path(labels_path).parent, clean_path(stored)
    for by, path in _choices(stored, folder, places):
        if os.path.isfile(path):
            return Found(path=Path(path), by=by)
    for by, places_ in (("search folder", places.search), ("beside the labels", (folder,))):
        for place in places_:
            if found := _below(place, stored):
                return Found(path=found, by=by)
    return None


def clean_path(path: str | Path) -> str:
    """Return a path of any operating system with forward slashes and composed letters.

    macOS stores names with letters and accents apart, so the same name may come in two spellings.
    """
    return unicodedata.normalize("NFC", str(path)).replace("\\", "/")


def _choices(stored: str, folder: Path, places: Places) -> Iterator[tuple[str, str]]:
    replaced = _replace_prefix(stored, places.prefixes)
    if replaced is not None:
        yield "prefix", replaced
    if not os.path.isabs(stored):
        # A label file's own folder comes first: that is where relative paths start that this program writes.
        yield "stored path", os.path.join(folder, stored)
    yield "stored path", stored


def _replace_prefix(stored: str, prefixes: Mapping[str, str]) -> str | None:
    for prefix in sorted(prefixes, key=len, reverse=True):
        start = clean_path(prefix).rstrip("/")
        if (_folded(stored) + "/").startswith(_folded(start) + "/"):
            return prefixes[prefix].rstrip("/\\") + stored[len(start) :]
    return None


def _folded(path: str) -> str:
    # Windows knows no capitals.
    return path.casefold() if path[1:2] == ":" else path


def _below(folder: str | Path, stored: str) -> Path | None:
    parts = [part for part in stored.split("/") if part not in ("", ".", "..") and not part.endswith(":")]
    for start in range(len(parts)):
        found = _spelled(Path(folder, *parts[start:]))
        if found is not None:
            return found
    return None


def _spelled(path: Path) -> Path | None:
    """Return the file of this path; also one whose name differs in capitals or in how accents are stored."""
    if os.path.isfile(path):
        return path
    if not os.path.isdir(path.parent):
        return None
    name = clean_path(path.name).casefold()
    found = [other for other in sorted(os.listdir(path.parent)) if clean_path(other).casefold() == name]
    return path.parent / found[0] if len(found) == 1 and os.path.isfile(path.parent / found[0]) else None
