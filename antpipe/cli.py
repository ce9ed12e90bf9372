"""The command line: one verb per stage, each a call of one function.

Imports stand inside the verbs, so that `antpipe --help` is quick and only verbs that run a network load TensorFlow.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from antpipe.errors import AntpipeError, ConfigError

app = typer.Typer(
    help="From videos and SLEAP labels to tracked poses in Parquet.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130
"""The exit code into which typer turns an interruption."""
UsageError: Any = typer.BadParameter.__bases__[0]
"""An option that is missing, unknown or of the wrong kind; typer gives no other name to the class."""

Output = Annotated[Path, typer.Option("-o", "--output", help="Where the result goes.")]


def main() -> NoReturn:
    """Run the command line: exit 0 when done, 2 for bad input, 130 when interrupted."""
    try:
        # Without standalone mode, errors of usage come here too, and get one line like all others.
        code = app(standalone_mode=False) or 0
    except (AntpipeError, OSError, UsageError) as error:
        print(f"error: {' '.join(_sentence(error).split())}", file=sys.stderr)
        sys.exit(2)
    if code == INTERRUPTED:
        print("interrupted; nothing half-done is left, run the same command again to go on", file=sys.stderr)
    sys.exit(code)


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

    width, height = _pair(size)
    values = {"videos": videos, "ants": ants, "frames": frames, "width": width, "height": height}
    options = {"width": "size", "height": "size"}
    config = _section(SimulateConfig, {**values, "seed": seed, "difficulty": difficulty}, options)
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
        values["crop"] = [_number("--crop", part) for part in crop.split(":")]
    with show_progress("preprocess") as advance:
        run(video, output, _section(PreprocessConfig, values), on_progress=advance)


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
    from antpipe.labels.locate import Places
    from antpipe.labels.merge import merge_files

    nodes = _read_yaml(map_nodes) if map_nodes is not None else {}
    values = {"on_conflict": on_conflict, "map_nodes": nodes, "search": search or []}
    config = _section(MergeConfig, {**values, "prefixes": dict(_renaming(text) for text in prefix or [])})
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

    suggest_file(poses, output, _section(SuggestConfig, {"frames": frames, "seed": seed}), labels=labels)


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

    shares = [_number("--fractions", part) for part in fractions.split(",")]
    config = _section(SplitConfig, {"by": by, "folds": folds, "fractions": shares, "seed": seed, "min_gap": min_gap})
    write_split(output, split_labels(read_labels(labels), **config.model_dump()))


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
    with _network():
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

    ends = None if body is None else _two_nodes(body)
    spread = None if deviations is None else _read_numbers(deviations)
    write_json(output, run(truth, predicted, mode=mode, body=ends, deviations=spread))


@app.command("evaluate-tracks")
def evaluate_tracks(truth: Path, tracked: Path, output: Output) -> None:
    """Compare tracks with true identities and write HOTA, IDF1, MOTA, switches and fragments as JSON."""
    from antpipe.evaluation.evaluate import evaluate_tracks as run
    from antpipe.files import write_json

    write_json(output, run(truth, tracked))


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
    batch_size: Annotated[int, typer.Option(help="Frames per batch.")] = 4,
    peak_threshold: Annotated[float, typer.Option(help="Lowest confidence of a node.")] = 0.2,
    max_instances: Annotated[int | None, typer.Option(help="Most animals per frame.")] = None,
    precision: Annotated[str, typer.Option(help="float32 or mixed_bfloat16.")] = "float32",
    geometry: Annotated[str, typer.Option(help="exact, or sleap for SLEAP 1.3.3's half-pixel shift.")] = "exact",
) -> None:
    """Predict the poses in a video."""
    from antpipe.config.inference import PredictConfig

    values = {"batch_size": batch_size, "peak_threshold": peak_threshold, "max_instances": max_instances}
    config = _section(PredictConfig, {**values, "precision": precision, "geometry": geometry})
    with _network():
        from antpipe.inference.predict import predict_video

        predict_video(video, model, output, config, frames)


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
    track_file(poses, output, _section(TrackConfig, values))


@app.command()
def export(
    poses: list[Path],
    output: Output,
    format: Annotated[str, typer.Option(help="parquet, parquet-long, csv, slp or analysis-h5.")],
    coordinates: Annotated[str, typer.Option(help="raw or video.")] = "raw",
) -> None:
    """Write poses for other programs."""
    from antpipe.config.export import ExportConfig
    from antpipe.export.export import export_poses

    values = {"formats": [format.replace("-", "_")], "coordinates": coordinates}
    config = _section(ExportConfig, values, {"formats": "format"})
    export_poses(poses, output, format=config.formats[0], coordinates=config.coordinates)


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


def _sentence(error: Exception) -> str:
    if isinstance(error, UsageError):
        verb = error.ctx.command_path if error.ctx is not None else "antpipe"
        return f"{error.format_message().rstrip('.')}; see {verb} --help"
    if isinstance(error, OSError) and error.filename:
        # Writing ends with a rename, so the second name is the one that the user gave.
        name = error.filename2 or error.filename
        return f"{name}: cannot be read or written ({error.strerror}); check the path"
    return str(error)


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Start TensorFlow, and say what it runs on."""
    from antpipe.backend import start_backend

    print(f"running on {start_backend()}", file=sys.stderr)
    yield


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
    return sleap.model, split or split_labels(read_labels(labels), **SplitConfig().model_dump()), 0


def _section(section: Any, values: dict[str, Any], options: dict[str, str] | None = None) -> Any:
    """Return a section of the configuration made from options; a bad one is an error that names the option.

    `options` gives the names of options that are not those of their fields.
    """
    from pydantic import ValidationError

    try:
        return section.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "options"
        place = f"--{(options or {}).get(field, field).replace('_', '-')}" if first["loc"] else field
        message = first["msg"].removeprefix("Value error, ")
        came = "" if ", got " in message else f", got {json.dumps(first['input'], default=str)}"
        raise ConfigError(f"{place}: {message}{came}") from error


def _pair(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise ConfigError(f"--size: expected WIDTHxHEIGHT such as 640x480, got {text!r}")
    return int(width), int(height)


def _two_nodes(text: str) -> tuple[str, str]:
    first, comma, second = (part.strip() for part in text.partition(","))
    if not (first and comma and second):
        raise ConfigError(f"--body: expected two nodes such as head,abdomen, got {text!r}")
    return first, second


def _renaming(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise ConfigError(f"--prefix: expected OLD=NEW such as D:/films=data/films, got {text!r}")
    return old, new


def _number(option: str, text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"{option}: expected a number, got {text!r}") from error


def _read_yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: expected a YAML file, but {' '.join(str(error).split())}") from error


def _read_numbers(path: Path) -> dict[str, float]:
    value = _read_yaml(path)
    if not (isinstance(value, dict) and all(isinstance(number, int | float) for number in value.values())):
        raise ConfigError(f"{path}: expected lines such as `head: 0.025`, got {json.dumps(value, default=str)}")
    return {str(key): float(number) for key, number in value.items()}


if __name__ == "__main__":
    main()
