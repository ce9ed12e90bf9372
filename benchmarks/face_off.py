"""Accuracy for a given time of training on real pixels: a pair of networks on sixty labelled frames of two flies.

Trains a centroid and a centered-instance network for so many minutes in all, predicts a later part of the film and a
film of another fly, and prints the errors. `--prepare` writes the same labels for SLEAP and sleap-nn.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sleap_io as sio
import yaml

from antpipe.evaluation.evaluate import evaluate
from antpipe.labels.fold import Fold
from antpipe.labels.split import Split
from antpipe.labels.split_file import write_split

TRAIN, VAL = [i for i in range(0, 900, 15) if i % 75], list(range(0, 900, 75))
TEST = list(range(1000, 1500, 10))
SHARE = {"centroid": 1 / 3, "centered_instance": 2 / 3}
"""Of the time of training."""
MODELS = {
    "centroid": {
        "input": {"scale": 0.25},
        "backbone": {"unet": {"max_stride": 16, "filters": 16, "filters_rate": 2.0}},
        "head": {"anchor_part": "thorax", "sigma": 2.5, "output_stride": 2},
    },
    "centered_instance": {
        "input": {"scale": 1.0, "crop_size": 160},
        "backbone": {"unet": {"max_stride": 16, "filters": 24, "filters_rate": 2.0}},
        "head": {"anchor_part": "thorax", "sigma": 2.5, "output_stride": 4},
    },
}


def main() -> None:
    """Run the face-off and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, help="folder with clip_pair_13nodes and single_fly_13nodes")
    parser.add_argument("--minutes", type=float, default=3.6, help="of training, both networks together")
    parser.add_argument("--steps", type=int, nargs=2, help="of each network, instead of a time; for a busy machine")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", action="append", default=[], metavar="TYPE.KEY=VALUE", help="another setting")
    parser.add_argument("--steps-per-epoch", type=int, default=50)
    parser.add_argument("--prepare", type=Path, help="only write train.slp, val.slp and test.slp to this folder")
    options = parser.parse_args()
    if options.prepare:
        options.prepare.mkdir(parents=True, exist_ok=True)
        write_labels(options.clips, options.prepare)
        return
    results = []
    with tempfile.TemporaryDirectory() as folder:
        write_labels(options.clips, Path(folder))
        for seed in options.seeds:
            results.append(one_seed(options, Path(folder), seed))
            print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    keys = [key for key in results[0] if key != "seed"]
    print(json.dumps({key: statistics.median(r[key] for r in results) for key in keys}, indent=2))


def write_labels(clips: Path, folder: Path) -> None:
    """Write the labelled frames of each part, and our split of them."""
    source = clips / "clip_pair_13nodes" / "clip.slp"
    for name, frames in (("train", TRAIN), ("val", VAL), ("test", TEST), ("labels", sorted([*TRAIN, *VAL]))):
        labels = sio.load_slp(str(source), open_videos=False)
        labels.labeled_frames = [frame for frame in labels.labeled_frames if frame.frame_idx in frames]
        labels.video.replace_filename(str(source.with_suffix(".mp4").resolve()), open=False)
        labels.save(str(folder / f"{name}.slp"), embed=False, verbose=False)


def one_seed(options: argparse.Namespace, folder: Path, seed: int) -> dict[str, float]:
    """Train both networks, predict both films, and return the figures."""
    figures: dict[str, float] = {"seed": seed}
    models = {}
    for model_type, settings in MODELS.items():
        if options.steps:
            steps = options.steps[list(MODELS).index(model_type)]
        else:
            per_step = step_seconds(options, folder, model_type, settings, seed)
            figures[f"{model_type}: s per step"] = round(per_step, 3)
            steps = 60 * options.minutes * SHARE[model_type] / per_step
        epochs = max(4, round(steps / options.steps_per_epoch))
        start = time.perf_counter()
        models[model_type] = train(options, folder, model_type, settings, seed, epochs)
        figures[f"{model_type}: steps"] = epochs * options.steps_per_epoch
        figures[f"{model_type}: s"] = round(time.perf_counter() - start, 1)
    clips = options.clips
    pair = clips / "clip_pair_13nodes" / "clip.mp4", folder / "test.slp", ",".join(map(str, TEST))
    single = clips / "single_fly_13nodes" / "single_fly.mp4", clips / "single_fly_13nodes" / "single_fly.slp", None
    for name, (video, truth, frames) in {"later part": pair, "other fly": single}.items():
        command = ["predict", video, "-o", folder / "poses.parquet"]
        command += [word for model in models.values() for word in ("--model", model)]
        antpipe(*command, *(["--frames", frames] if frames else []))
        metrics = evaluate(truth, folder / "poses.parquet", mode="strict")
        figures |= {f"{name}: {key}": round(metrics[key], 3) for key in ("dist.p50", "dist.p90", "oks_voc.mAP")}
        figures |= {f"{name}: {key}": metrics[f"instances.{key}"] for key in ("truth", "found", "extra")}
    return figures


def train(
    options: argparse.Namespace, folder: Path, model_type: str, settings: dict[str, Any], seed: int, epochs: int
) -> Path:
    """Train one network and return its folder."""
    optimization = {"batch_size": 4, "min_batches_per_epoch": options.steps_per_epoch, "epochs": epochs}
    config = {"models": {model_type: {**settings, "optimization": optimization}}}
    for text in options.set:
        key, _, value = text.partition("=")
        if key.split(".")[0] == model_type:
            put(config["models"], key.split("."), yaml.safe_load(value))
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    labels = sio.load_slp(str(folder / "labels.slp"), open_videos=False)
    name = Path(str(labels.video.filename)).name
    parts = {part: tuple((name, i) for i in frames) for part, frames in (("train", TRAIN), ("val", VAL), ("test", ()))}
    write_split(folder / "split.json", Split(folds=(Fold(**parts),), by="indices"))
    run = folder / f"{model_type}.{seed}.{epochs}"
    arguments = [folder / "config.yaml", folder / "labels.slp", "--type", model_type, "-o", run, "--seed", seed]
    antpipe("train", *arguments, "--split", folder / "split.json")
    return run


def step_seconds(
    options: argparse.Namespace, folder: Path, model_type: str, settings: dict[str, Any], seed: int
) -> float:
    """Return the time of a training step with its share of validation: what two more epochs take."""
    seconds = []
    for epochs in (4, 6):
        start = time.perf_counter()
        train(options, folder, model_type, settings, seed, epochs)
        seconds.append(time.perf_counter() - start)
    return (seconds[1] - seconds[0]) / (2 * options.steps_per_epoch)


def put(config: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set a nested key."""
    for key in keys[:-1]:
        config = config.setdefault(key, {})
    config[keys[-1]] = value


def antpipe(*arguments: object) -> None:
    """Run a verb of the command line."""
    run = subprocess.run([sys.executable, "-m", "antpipe.cli", *map(str, arguments)], stderr=subprocess.PIPE, text=True)
    if run.returncode:
        raise SystemExit(run.stderr)


if __name__ == "__main__":
    main()
