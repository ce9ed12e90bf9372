"""Verbs about tracks."""

from pathlib import Path
from typing import Annotated

import typer

from antpipe.cli.app import Output, app
from antpipe.cli.options import section


@app.command()
def track(
    poses: Path,
    output: Output,
    window: Annotated[int, typer.Option(help="Frames for which an unseen track stays open.")] = 12,
    gate: Annotated[float, typer.Option(help="Farthest distance from where a track should be, in body sizes.")] = 0.6,
    max_tracks: Annotated[int | None, typer.Option(help="Most tracks.")] = None,
    min_length: Annotated[int, typer.Option(help="Frames below which a track loses its name.")] = 1,
) -> None:
    """Link the instances of a poses file into tracks."""
    from antpipe.config.tracking import TrackConfig
    from antpipe.tracking.track import track_file

    values = {"window": window, "gate": gate, "max_tracks": max_tracks, "min_length": min_length}
    track_file(poses, output, section(TrackConfig, values))


@app.command("evaluate-tracks")
def evaluate_tracks(truth: Path, tracked: Path, output: Output) -> None:
    """Compare tracks with true identities and write HOTA, IDF1, MOTA, switches and fragments as JSON."""
    from antpipe.evaluation.evaluate import evaluate_tracks as run
    from antpipe.files import write_json

    write_json(output, run(truth, tracked))
