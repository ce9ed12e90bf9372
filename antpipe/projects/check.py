"""What can be told about a project before its first run."""

import contextlib
from pathlib import Path

from antpipe.config.project import load_config
from antpipe.errors import AntpipeError, ConfigError, LabelError, VideoError
from antpipe.projects.note import STATES, Note, error, ok
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS


def check_project(folder: str | Path, config: str | Path = "config.yaml") -> list[Note]:
    """Return what all checks say about a project, errors in front.

    Nothing is trained, and of a video only the first and the last frames are decoded, so that it takes seconds.

    Args:
        folder: the project's folder, from which all paths count.
        config: the configuration, seen from there.
    """
    with contextlib.chdir(folder):
        try:
            project = Project(load_config(config))
        except AntpipeError as problem:
            return [error("configuration", str(problem))]
        notes = [ok("configuration", f"{config} is valid")]
        for name in CHECKS:
            notes += _ask(name, project)
    # Several checks may stumble over the same broken file.
    return sorted(dict.fromkeys(notes), key=lambda note: STATES.index(note.state))


def _ask(name: str, project: Project) -> list[Note]:
    notes: list[Note] = []
    try:
        notes.extend(CHECKS[name](project))
    except AntpipeError as problem:
        # Whichever check stumbled over them first, these are about one thing.
        about = {LabelError: "labels", VideoError: "videos", ConfigError: "configuration"}.get(type(problem), name)
        notes.append(error(about, str(problem)))
    return notes
