"""The GPU, without loading TensorFlow."""

import re
from collections.abc import Iterator
from importlib import metadata

from antpipe.projects.note import Note, ok, warning
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS
from antpipe.resources import gpu_ids


@CHECKS.register("gpu")
def check_gpu(project: Project) -> Iterator[Note]:
    """Say how many GPUs there are, and whether TensorFlow has the libraries to use them."""
    found = gpu_ids()
    if not found:
        yield ok("gpu", "none found; networks run on the processor")
        return
    missing = [name for name in _gpu_libraries() if not _is_installed(name)]
    if missing:
        yield warning(
            "gpu",
            f"{len(found)} found, but TensorFlow's libraries for it are not installed with pip ({missing[0]} is "
            "missing); if the system has none either, run: pip install 'tensorflow[and-cuda]'",
        )
    else:
        yield ok("gpu", f"{len(found)} found")


def _gpu_libraries() -> list[str]:
    """Return the packages that TensorFlow needs for GPUs of this system."""
    needed = metadata.requires("tensorflow") if _is_installed("tensorflow") else None
    return [re.split(r"[^\w.-]", text)[0] for text in needed or () if "and-cuda" in text]


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
