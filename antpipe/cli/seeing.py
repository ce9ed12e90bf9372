"""Verbs that look at a project while it runs, and at what it made."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from antpipe.cli.app import app

Configuration = Annotated[Path, typer.Option("--config", help="The configuration, seen from the project's folder.")]


@app.command()
def status(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Again every two seconds, until Ctrl-C.")] = False,
    config: Configuration = Path("config.yaml"),
) -> None:
    """Show how far each video and each model is: stage, speed, time left, and what failed."""
    from antpipe.config.project import load_config
    from antpipe.records.status import project_status
    from antpipe.records.table import show_status

    with contextlib.chdir(project):
        results = load_config(config).results
        show_status(lambda: project_status(results), watch=watch)


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A result, or a copy of one.")],
    results: Annotated[Path | None, typer.Option(help="Folder of results that the copy is from.")] = None,
) -> None:
    """Print what made a result, of what, with which settings and code, and what would make it anew."""
    from antpipe.records.explain import explain as run
    from antpipe.records.explain_text import print_explanation

    print_explanation(run(file, results))
