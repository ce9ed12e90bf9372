"""A registry: names in the configuration to the functions or classes that stand behind them."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from antpipe.errors import ConfigError

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Entries of one growth point, each registered by the module of the same name in `package`.

    Listing names reads file names only; an entry's module is imported when the entry is taken. So reading a
    configuration does not import TensorFlow.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers its object under `name`."""

        def add(entry: T) -> T:
            self._entries[name] = entry
            return entry

        return add

    def __iter__(self) -> Iterator[str]:
        folder = importlib.import_module(self.package).__path__
        return iter(sorted(m.name for m in pkgutil.iter_modules(folder) if not m.name.startswith("_")))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __getitem__(self, name: str) -> T:
        if name not in self:
            raise ConfigError(f"unknown {self.kind} {name!r}; choose one of {list(self)}")
        importlib.import_module(f"{self.package}.{name}")
        return self._entries[name]
