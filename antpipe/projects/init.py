"""Making a project: a folder with a configuration that fits its videos and labels."""

import os
from collections.abc import Sequence
from pathlib import Path

from antpipe.config.project import parse_config
from antpipe.errors import ConfigError
from antpipe.files import atomic_path
from antpipe.projects.config_text import config_text
from antpipe.projects.project import Project
from antpipe.projects.proposal import propose
from antpipe.projects.readme_text import readme_text
from antpipe.projects.sources import LABEL_SUFFIXES, VIDEO_SUFFIXES, as_seen_from, copy_into, find_files

CONFIG, README = "config.yaml", "README.md"


def init_project(folder: str | Path, videos: Sequence[str], labels: Sequence[str], *, copy: bool = False) -> list[str]:
    """Make a project folder with a configuration and a README; return the names of the files that were made.

    The labels are read and merged as the workflow will do it, to propose settings that fit them. Nothing that is there
    is replaced: a folder that has a configuration is refused, and a README that is there stays.

    Args:
        folder: the project's folder; it is made if it is not there.
        videos: films, folders of them, or patterns; seen from where we are.
        labels: label files, in the same way.
        copy: copy videos and labels into the folder; else the configuration names them where they lie.

    Raises:
        ConfigError: if the folder has a configuration already, files are missing, or two videos have one name.
        LabelError: if the labels cannot be read, do not fit each other, or are about other videos.
    """
    folder = Path(folder)
    if (folder / CONFIG).exists():
        raise ConfigError(f"{folder / CONFIG}: is there already; give another folder, or look at it with antpipe check")
    films = find_files("--videos", videos, VIDEO_SUFFIXES)
    labelled = find_files("--labels", labels, LABEL_SUFFIXES)
    animals = Project(parse_config({"videos": films, "labels": labelled})).animals
    folder.mkdir(parents=True, exist_ok=True)
    if copy:
        films = copy_into(folder / "data" / "videos", films)
        labelled = copy_into(folder / "data" / "labels", labelled)
    text = config_text(as_seen_from(folder, films), as_seen_from(folder, labelled), propose(animals))
    wanted = {CONFIG: text, README: readme_text(folder)}
    made = [name for name in wanted if not (folder / name).exists()]
    for name in made:
        with atomic_path(folder / name) as temporary:
            temporary.write_text(wanted[name], encoding="utf-8")
    return [os.path.join(folder, name) for name in made]
