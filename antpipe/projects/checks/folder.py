"""The project's folder: whether results can be written there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from antpipe.projects.note import Note, error, ok
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS


@CHECKS.register("folder")
def check_folder(project: Project) -> Iterator[Note]:
    """Write a file where the results go, and where Snakemake keeps its records, and remove it again."""
    for folder in (Path(project.config.results), Path()):
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as problem:
            yield error("folder", f"{there}: cannot be written ({problem.strerror}); give yourself the right to write")
            return
    yield ok("folder", f"results go to {Path(project.config.results).absolute()}")
