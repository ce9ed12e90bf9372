"""Verbs about labels."""

from pathlib import Path
from typing import Annotated

import typer

from antpipe.cli.app import Output, app
from antpipe.cli.options import number, renaming, section


@app.command()
def merge(
    labels: list[Path],
    output: Output,
    on_conflict: Annotated[str, typer.Option(help="error, keep-first, keep-last or keep-both.")] = "error",
    map_nodes: Annotated[Path | None, typer.Option(help="YAML: {label file: {node: node in the result}}.")] = None,
    report: Annotated[Path | None, typer.Option(help="JSON report of what came from where.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the report only.")] = False,
    search: Annotated[list[str] | None, typer.Option(help="Folder in which to look for missing videos.")] = None,
    prefix: Annotated[list[str] | None, typer.Option(help="OLD=NEW beginning of video paths.")] = None,
) -> None:
    """Merge label files into one."""
    from antpipe.config.labels import MergeConfig
    from antpipe.config.yaml_file import read_yaml
    from antpipe.labels.locate import Places
    from antpipe.labels.merge import merge_files

    nodes = read_yaml(map_nodes) if map_nodes is not None else {}
    values = {"on_conflict": on_conflict, "map_nodes": nodes, "search": search or []}
    config = section(MergeConfig, {**values, "prefixes": dict(renaming(text) for text in prefix or [])})
    merge_files(
        labels,
        output,
        on_conflict=config.on_conflict,
        node_map=config.map_nodes,
        report=report,
        dry_run=dry_run,
        places=Places.of(config),
    )


@app.command()
def audit(
    labels: Path,
    output: Output,
    video: Annotated[list[Path] | None, typer.Option(help="Videos; found beside the labels by default.")] = None,
) -> None:
    """Look for mistakes in labels; OUTPUT becomes a folder with tables, pictures and audit.html."""
    from antpipe.report.audit import audit_file

    audit_file(labels, output, videos=None if video is None else {path.stem: path for path in video})


@app.command()
def split(
    labels: Path,
    output: Output,
    by: Annotated[str, typer.Option(help="block, frame or video.")] = "block",
    folds: Annotated[int | None, typer.Option(help="Folds of a cross-validation.")] = None,
    fractions: Annotated[str, typer.Option(help="Shares of training, validation and test.")] = "0.6,0.2,0.2",
    seed: Annotated[int, typer.Option(help="Same seed, same split.")] = 0,
    min_gap: Annotated[int, typer.Option(help="Frames between training and the other parts, for blocks.")] = 5,
) -> None:
    """Divide labelled frames into training, validation and test."""
    from antpipe.config.labels import SplitConfig
    from antpipe.labels.read import read_labels
    from antpipe.labels.split import split_labels
    from antpipe.labels.split_file import write_split

    shares = [number("--fractions", part) for part in fractions.split(",")]
    config = section(SplitConfig, {"by": by, "folds": folds, "fractions": shares, "seed": seed, "min_gap": min_gap})
    write_split(output, split_labels(read_labels(labels), **config.model_dump()))


@app.command()
def suggest(
    poses: list[Path],
    output: Output,
    labels: Annotated[Path | None, typer.Option(help="Labels so far; their frames are not suggested again.")] = None,
    frames: Annotated[int, typer.Option(help="Frames to suggest, over all videos.")] = 20,
    seed: Annotated[int, typer.Option(help="Same seed, same frames.")] = 0,
) -> None:
    """Choose predicted frames worth labelling next; OUTPUT (.slp) opens in SLEAP, a .tsv beside it says why."""
    from antpipe.config.suggest import SuggestConfig
    from antpipe.labels.suggest import suggest_file

    suggest_file(poses, output, section(SuggestConfig, {"frames": frames, "seed": seed}), labels=labels)
