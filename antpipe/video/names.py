"""Names of videos: the file name without its suffix, inner dots kept."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePath

from antpipe.errors import ConfigError


def output_name(path: str) -> str:
    """Return the name under which the results of a video are kept: `data/a.b.mp4` is `a.b`."""
    return PurePath(path).stem


def unique_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the paths by name: `a.b.mp4` is `a.b`.

    Raises:
        ConfigError: if two videos have one name, because their results would overwrite each other. Names that differ
            in capitals alone count as one: macOS and Windows make no difference.
    """
    named: dict[str, str] = {}
    taken: dict[str, str] = {}
    for path in paths:
        name = output_name(path)
        key = unicodedata.normalize("NFC", name).casefold()
        if key in taken:
            raise ConfigError(f"videos: {taken[key]!r} and {path!r} have the same name {name!r}; rename one of them")
        taken[key] = path
        named[name] = path
    return named
