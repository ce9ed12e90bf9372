"""The checks of a project."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from antpipe.registry import Registry

if TYPE_CHECKING:
    from antpipe.projects.note import Note
    from antpipe.projects.project import Project

CHECKS: "Registry[Callable[[Project], Iterable[Note]]]" = Registry("check", "antpipe.projects.checks")
"""Each looks at one thing; an AntpipeError that it raises is a finding, too."""
