"""Names of videos: the file name without its suffix, inner dots kept."""

from collections.abc import Iterable
from pathlib import PurePath

from antpipe.errors import ConfigError


def unique_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the paths by name: `a.b.mp4` is `a.b`.

    Raises:
        ConfigError: if two videos have one name, because their results would overwrite each other.
    """
    named: dict[str, str] = {}
    for path in paths:
        name = PurePath(path).stem
        if name in named:
            raise ConfigError(f"videos: {named[name]!r} and {path!r} have the same name {name!r}; rename one of them")
        named[name] = path
    return named
