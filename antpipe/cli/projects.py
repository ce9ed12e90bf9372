"""Verbs about projects: make one, check one."""

from pathlib import Path
from typing import Annotated

import typer

from antpipe.cli.app import app

Configuration = Annotated[Path, typer.Option("--config", help="The configuration, seen from the project's folder.")]


@app.command()
def init(
    project: Annotated[Path, typer.Argument(help="The project's folder, which is made.")],
    files: Annotated[list[str] | None, typer.Argument(help="More videos and label files, told by suffix.")] = None,
    videos: Annotated[list[str] | None, typer.Option(help="Films, a folder of films, or a pattern.")] = None,
    labels: Annotated[list[str] | None, typer.Option(help="Label files, a folder of them, or a pattern.")] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy videos and labels into the folder.")] = False,
) -> None:
    """Make a project folder with a configuration that fits videos and labels, and check it."""
    from antpipe.projects.init import init_project
    from antpipe.projects.sources import is_label_file

    # A shell turns `--videos films/*.mp4` into one option and many arguments.
    more = [file for file in files or [] if not is_label_file(file)]
    more_labels = [file for file in files or [] if is_label_file(file)]
    made = init_project(project, [*(videos or []), *more], [*(labels or []), *more_labels], copy=copy)
    print(f"made {', '.join(made)}; look at {made[0]}, then see {project}/README.md")
    check(project)


@app.command()
def check(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    config: Annotated[Path, typer.Option("--config", help="The configuration, seen from the project's folder.")] = Path(
        "config.yaml"
    ),
) -> None:
    """Check a project before its first run: configuration, videos, labels, room, programs; exit 2 on errors."""
    from antpipe.projects.check import check_project
    from antpipe.projects.table import print_notes

    notes = check_project(project, config)
    print_notes(notes)
    if any(note.state == "error" for note in notes):
        raise typer.Exit(2)
