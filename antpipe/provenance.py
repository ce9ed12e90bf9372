"""What made a result: versions, date, and a hash of the code that matters for a step."""

import ast
import datetime
import functools
import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import antpipe

VERSIONED = ("antpipe", "keras", "tensorflow", "numpy", "opencv-python-headless", "av", "scipy", "pyarrow", "sleap-io")


def today() -> str:
    """Return the date (UTC) as 2026-01-31; `SOURCE_DATE_EPOCH` fixes it, as in reproducible builds.

    A date without the time of day: two runs of one day give the same bytes.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else datetime.datetime.now(datetime.UTC)
    return now.date().isoformat()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version(), "antpipe": antpipe.__version__}
    for name in VERSIONED[1:]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def provenance(command: str, **details: object) -> dict[str, object]:
    """Return the record that every result carries: command, version, date, and the details given."""
    return {"command": command, "antpipe_version": antpipe.__version__, "date": today(), **details}


@functools.cache
def code_version(module: str) -> str:
    """Return `module@hash`; the hash is over a module of antpipe and all that it imports of antpipe, directly or not.

    Comments, docstrings and formatting do not count: only a change of what the code does changes the hash. A rule
    that has it among its params runs again when its code has changed.
    """
    digest = hashlib.sha256()
    for name in sorted(import_closure(module)):
        digest.update(f"{name}:{_read(name).code}".encode())
    return f"{module}@{digest.hexdigest()[:12]}"


def import_closure(module: str) -> set[str]:
    """Return the names of all modules of antpipe that `module` imports, itself included.

    Entries of a registry are imported by name at run time; a module that uses a registry depends on all of them.
    """
    waiting, found = [module], set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _read(name).imports
    return found


class _Module(NamedTuple):
    code: str
    """Without comments, docstrings and formatting."""
    imports: tuple[str, ...]
    """The modules of antpipe that it names: its imports, and the packages of its registries."""


@functools.cache
def _read(module: str) -> _Module:
    path = _path(module)
    if path is None:
        raise ModuleNotFoundError(f"antpipe has no module {module!r}")
    # Every job reads all modules when it starts, so once over the tree must do.
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_members(node.value))
        elif isinstance(body := getattr(node, "body", None), list):
            # Strings that stand alone are docstrings, of modules, classes, functions and fields.
            node.body = [b for b in body if not _is_text(b)]  # type: ignore[attr-defined]
    names = (name for name in found if name.split(".")[0] == "antpipe" and _path(name))
    return _Module(ast.dump(tree), tuple(sorted(names)))


def _members(package: str) -> list[str]:
    """Return the modules of a package below antpipe; none where the text is not the name of one."""
    root, *inner = package.split(".")
    path = _path(package) if root == "antpipe" and inner and all(map(str.isidentifier, inner)) else None
    if path is None or path.name != "__init__.py":
        return []
    return [f"{package}.{file.stem}" for file in sorted(path.parent.glob("*.py")) if file.stem != "__init__"]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@functools.cache
def _path(module: str) -> Path | None:
    root = Path(antpipe.__file__).parent.parent
    base = root.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None
