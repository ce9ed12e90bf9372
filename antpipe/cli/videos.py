"""Verbs about videos: draw them, prepare them, draw poses on them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from antpipe.cli.app import Output, app
from antpipe.cli.options import number, pair, section


@app.command()
def simulate(
    outdir: Path,
    videos: Annotated[int, typer.Option(help="Number of videos.")] = 2,
    ants: Annotated[int, typer.Option(help="Ants per video.")] = 6,
    frames: Annotated[int, typer.Option(help="Frames per video.")] = 150,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "640x480",
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 0,
    difficulty: Annotated[str, typer.Option(help="easy or hard.")] = "easy",
) -> None:
    """Draw videos of synthetic ants with exact labels: OUTDIR/*.mp4, labels.slp, truth/*.parquet."""
    from antpipe.config.simulate import SimulateConfig
    from antpipe.progress import show_progress
    from antpipe.synthetic.simulate import simulate as run

    width, height = pair(size)
    values = {"videos": videos, "ants": ants, "frames": frames, "width": width, "height": height}
    options = {"width": "size", "height": "size"}
    config = section(SimulateConfig, {**values, "seed": seed, "difficulty": difficulty}, options)
    with show_progress("simulate") as advance:
        run(outdir, config, advance)


@app.command()
def preprocess(
    video: Path,
    output: Output,
    crop: Annotated[str | None, typer.Option(help="W:H:X:Y in pixels, or fractions with a decimal point.")] = None,
    scale: Annotated[float, typer.Option(help="Factor of size.")] = 1.0,
    gray: Annotated[bool, typer.Option("--gray", help="Drop the colours.")] = False,
    fps: Annotated[float | None, typer.Option(help="Constant frames per second.")] = None,
    start: Annotated[float | None, typer.Option(help="First second.")] = None,
    end: Annotated[float | None, typer.Option(help="Last second.")] = None,
) -> None:
    """Cut, scale and encode a raw video so that every frame can be found again; writes OUTPUT and its .json."""
    from antpipe.config.preprocess import PreprocessConfig
    from antpipe.progress import show_progress
    from antpipe.video.transcode import preprocess as run

    values: dict[str, Any] = {"scale": scale, "grayscale": gray, "fps": fps, "start": start, "end": end}
    if crop is not None:
        values["crop"] = [number("--crop", part) for part in crop.split(":")]
    with show_progress("preprocess") as advance:
        run(video, output, section(PreprocessConfig, values), on_progress=advance)


@app.command()
def render(
    video: Path,
    poses: Path,
    output: Output,
    seconds: Annotated[float | None, typer.Option(help="At most so much film.")] = None,
) -> None:
    """Draw poses and tracks on the video."""
    from antpipe.report.overlay import render_overlay

    render_overlay(video, poses, output, seconds=seconds)
