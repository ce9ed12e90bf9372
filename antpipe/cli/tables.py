"""Verbs about tables for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from antpipe.cli.app import Output, app
from antpipe.cli.options import section


@app.command()
def export(
    poses: list[Path],
    output: Output,
    format: Annotated[str, typer.Option(help="parquet, parquet-long, csv, slp, analysis-h5, nwb, coco or mot.")],
    coordinates: Annotated[str, typer.Option(help="raw or video.")] = "raw",
) -> None:
    """Write poses for other programs."""
    from antpipe.config.export import ExportConfig
    from antpipe.export.export import export_poses

    values = {"formats": [format.replace("-", "_")], "coordinates": coordinates}
    config = section(ExportConfig, values, {"formats": "format"})
    export_poses(poses, output, format=config.formats[0], coordinates=config.coordinates)
