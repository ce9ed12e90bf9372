"""Verbs about features: measure the animals, join with what was measured on them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from antpipe.cli.app import Output, app
from antpipe.cli.options import number, section
from antpipe.errors import ConfigError


@app.command()
def features(
    tracks: Path,
    output: Output,
    config: Annotated[Path | None, typer.Option(help="config.yaml, whose section features is used.")] = None,
    pixels_per_mm: Annotated[float | None, typer.Option(help="For lengths in mm.")] = None,
) -> None:
    """Measure angles, lengths and speeds of tracked poses; OUTPUT (.parquet) is the same table with them as columns."""
    from antpipe.config.features import FeaturesConfig
    from antpipe.features.measure import measure_file

    values = _section_of(config, "features")
    if pixels_per_mm is not None:
        values["pixels_per_mm"] = pixels_per_mm
    measure_file(tracks, output, section(FeaturesConfig, values))


@app.command()
def join(
    table: Path,
    measurements: Path,
    output: Output,
    config: Annotated[Path | None, typer.Option(help="config.yaml, whose section measurements is used.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="NAME=UNIT of a measured column, such as Force=mN.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of times.")] = None,
    time_unit: Annotated[str | None, typer.Option(help="s, ms, us, min or frame.")] = None,
    rate: Annotated[float | None, typer.Option(help="Samples per second, where there is no column of times.")] = None,
    sync: Annotated[list[str] | None, typer.Option(help="TIME=SECONDS: in the file, in the raw video.")] = None,
    method: Annotated[str | None, typer.Option(help="mean or interpolate.")] = None,
    track: Annotated[list[str] | None, typer.Option(help="Track to take; all by default.")] = None,
    video: Annotated[Path | None, typer.Option(help="The preprocessed video; where TABLE says by default.")] = None,
) -> None:
    """Join a table of features with measurements (CSV) by time; a .png and a .tsv beside OUTPUT compare them."""
    from antpipe.config.measurements import MeasurementsConfig
    from antpipe.features.join import join_file
    from antpipe.report.measurements import draw_measurements

    options = {
        "columns": dict(_sides("--column", text) for text in column) if column else None,
        "time": time,
        "time_unit": time_unit,
        "rate": rate,
        "sync": [[number("--sync", side) for side in _sides("--sync", text)] for text in sync] if sync else None,
        "method": method,
        "tracks": track,
    }
    given = {name: value for name, value in options.items() if value}
    values = {**_section_of(config, "measurements"), **given, "files": str(measurements)}
    settings = section(MeasurementsConfig, values, {"columns": "column", "tracks": "track"})
    join_file(table, measurements, output, settings, video=video)
    draw_measurements(output, output.with_suffix(".png"), output.with_suffix(".tsv"), settings.compare)


def _section_of(config: Path | None, name: str) -> dict[str, Any]:
    """Return the values of a section of config.yaml; none without such a file."""
    from antpipe.config.project import load_config

    return {} if config is None else getattr(load_config(config), name).model_dump()


def _sides(option: str, text: str) -> tuple[str, str]:
    left, equals, right = text.rpartition("=")
    if not (left and equals and right):
        raise ConfigError(f"{option}: expected two values with = between, such as Force=mN or 12.5=3.0, got {text!r}")
    return left, right
