"""Verbs about models: train, measure, choose, use."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from antpipe.cli.app import Output, app, network
from antpipe.cli.options import read_numbers, section, two_nodes
from antpipe.errors import ConfigError


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="config.yaml, or a SLEAP training configuration (JSON).")],
    labels: Path,
    output: Output,
    model_type: Annotated[str, typer.Option("--type", help="Such as centroid or centered_instance.")],
    split: Annotated[Path | None, typer.Option(help="split.json; drawn as the configuration says by default.")] = None,
    fold: Annotated[int, typer.Option(help="Which fold of the split.")] = 0,
    video: Annotated[list[Path] | None, typer.Option(help="Videos; found beside the labels by default.")] = None,
    seed: Annotated[int | None, typer.Option(help="The configuration's by default.")] = None,
) -> None:
    """Train one model; OUTPUT becomes its run folder."""
    from antpipe.labels.read import read_labels

    settings, chosen_split, default_seed = _training_settings(config, model_type, labels, split)
    with network("train"):
        from antpipe.report.model import draw_run
        from antpipe.training.run import train_run
        from antpipe.training.videos import label_videos

        train_run(
            labels,
            output,
            config=settings,
            model_type=model_type,
            videos=label_videos(read_labels(labels), labels, video),
            split=chosen_split,
            fold=fold,
            seed=default_seed if seed is None else seed,
        )
        draw_run(output)


@app.command()
def evaluate(
    truth: Path,
    predicted: Path,
    output: Output,
    mode: Annotated[str, typer.Option(help="strict or sleap.")] = "strict",
    body: Annotated[str | None, typer.Option(help="NODE,NODE between which the body length is measured.")] = None,
    deviations: Annotated[Path | None, typer.Option(help="YAML: {node: its spread of labels for OKS}.")] = None,
) -> None:
    """Compare predicted with true poses (label files or poses files) and write metrics as JSON."""
    from antpipe.evaluation.evaluate import evaluate as run
    from antpipe.files import write_json

    ends = None if body is None else two_nodes(body)
    spread = None if deviations is None else read_numbers(deviations)
    write_json(output, run(truth, predicted, mode=mode, body=ends, deviations=spread))


@app.command()
def compare(models: Path, output: Output) -> None:
    """Compare all training runs below a folder, ours and SLEAP's; OUTPUT gets tables, figures and comparison.html."""
    from antpipe.report.compare import compare_runs

    for left in compare_runs(models, output).skipped:
        print(f"left out {left.name}: {left.reason}", file=sys.stderr)


@app.command()
def select(
    models: Path,
    output: Output,
    model_type: Annotated[str, typer.Option("--type", help="Such as centroid or centered_instance.")],
    measure: Annotated[str, typer.Option(help="Such as oks_voc.mAP, dist.p50 or detection.f1@5px.")],
    part: Annotated[str, typer.Option(help="train, val or test.")] = "val",
) -> None:
    """Choose the best run of a type below a folder by a measure; writes its folder and the runners-up as JSON."""
    from antpipe.evaluation.select import write_selection

    choice = write_selection(models, output, measures={model_type: measure}, part=part)[model_type]
    print(f"{choice.run.folder}: {measure} {choice.value:.4g} on {part}", file=sys.stderr)


@app.command()
def predict(
    video: Path,
    output: Output,
    model: Annotated[list[Path], typer.Option(help="Model folder, ours or SLEAP's; give one of each type.")],
    frames: Annotated[str | None, typer.Option(help="Such as 0-100,200; all by default.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Frames per batch.")] = None,
    peak_threshold: Annotated[float, typer.Option(help="Lowest confidence of a node.")] = 0.2,
    max_instances: Annotated[int | None, typer.Option(help="Most animals per frame.")] = None,
    precision: Annotated[str, typer.Option(help="float32 or mixed_bfloat16.")] = "float32",
    geometry: Annotated[str, typer.Option(help="exact, or sleap for SLEAP 1.3.3's half-pixel shift.")] = "exact",
) -> None:
    """Predict the poses in a video."""
    from antpipe.config.inference import PredictConfig

    values = {"batch_size": batch_size, "peak_threshold": peak_threshold, "max_instances": max_instances}
    config = section(PredictConfig, {**values, "precision": precision, "geometry": geometry})
    with network("predict"):
        from antpipe.inference.predict import predict_video

        predict_video(video, model, output, config, frames)


def _training_settings(config: Path, model_type: str, labels: Path, split: Path | None) -> tuple[Any, Any, int]:
    """Return the model's settings, the split and the seed from config.yaml or a SLEAP configuration."""
    from antpipe.config.labels import SplitConfig
    from antpipe.config.model import ModelConfig
    from antpipe.config.model_types import MODEL_TYPES
    from antpipe.config.project import load_config
    from antpipe.config.sleap import read_sleap_config
    from antpipe.labels.read import read_labels
    from antpipe.labels.split import split_from_indices, split_labels

    if model_type not in MODEL_TYPES:
        raise ConfigError(f"--type: unknown model type {model_type!r}; choose one of {list(MODEL_TYPES)}")
    if config.suffix.lower() != ".json":
        project = load_config(config)
        drawn = split or split_labels(read_labels(labels), **project.split.model_dump())
        return project.models.chosen.get(model_type, ModelConfig()), drawn, project.seed
    sleap = read_sleap_config(config)
    if sleap.model_type != model_type:
        raise ConfigError(f"{config}: describes a {sleap.model_type} model, but --type says {model_type}")
    for note in sleap.notes:
        print(note, file=sys.stderr)
    if split is None and sleap.training_indices:
        return sleap.model, split_from_indices(read_labels(labels), **sleap.training_indices), 0
    shares = SplitConfig(fractions=(1 - sleap.validation_fraction, sleap.validation_fraction, 0))
    return sleap.model, split or split_labels(read_labels(labels), **shares.model_dump()), 0
