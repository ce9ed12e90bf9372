"""Accuracy for a given time of training on real pixels: a pair of networks on sixty labelled frames of two flies.

Trains a centroid and a centered-instance network for so many minutes in all, predicts a later part of the film and a
film of another fly, and prints the errors, of antpipe, SLEAP or sleap-nn.
"""

import argparse
import copy
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import face_off_antpipe
import face_off_sleap
import face_off_sleap_nn
import yaml
from face_off_labels import TEST, write_labels

from antpipe.evaluation.evaluate import evaluate

PROGRAMS = {"antpipe": face_off_antpipe, "sleap": face_off_sleap, "sleap-nn": face_off_sleap_nn}
SHARE = {"centroid": 1 / 3, "centered_instance": 2 / 3}
"""Of the time of training."""
MODELS = {
    "centroid": {
        "input": {"scale": 0.25},
        "backbone": {"unet": {"max_stride": 16, "filters": 16, "filters_rate": 2.0}},
        "head": {"anchor_part": "thorax", "output_stride": 2},
    },
    "centered_instance": {
        "input": {"scale": 1.0, "crop_size": 160},
        "backbone": {"unet": {"max_stride": 16, "filters": 24, "filters_rate": 2.0}},
        "head": {"anchor_part": "thorax", "output_stride": 4},
    },
}


def main() -> None:
    """Run the face-off and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, help="folder with clip_pair_13nodes and single_fly_13nodes")
    parser.add_argument("--program", choices=list(PROGRAMS), default="antpipe")
    parser.add_argument("--sleap", type=Path, default=Path("bin"), help="the folder with sleap-train and sleap-track")
    parser.add_argument("--sleap-nn", default="sleap-nn", help="where the program sleap-nn is")
    parser.add_argument("--minutes", type=float, default=3.6, help="of training, both networks together")
    parser.add_argument("--steps", type=int, nargs=2, help="of each network, instead of a time; for a busy machine")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", action="append", default=[], metavar="TYPE.KEY=VALUE", help="another setting")
    parser.add_argument("--steps-per-epoch", type=int, default=50)
    options = parser.parse_args()
    face_off_sleap.PROGRAMS, face_off_sleap_nn.PROGRAM = options.sleap, options.sleap_nn
    results: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        write_labels(options.clips, Path(folder))
        for seed in options.seeds:
            known = {} if not results else results[0]
            results.append(one_seed(options, Path(folder), seed, known))
            print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    keys = [key for key in results[0] if key != "seed"]
    print(json.dumps({key: statistics.median(r[key] for r in results) for key in keys}, indent=2))


def one_seed(options: argparse.Namespace, folder: Path, seed: int, known: dict[str, float]) -> dict[str, float]:
    """Train both networks, predict both films, and return the figures; `known` are those of a seed before."""
    program = PROGRAMS[options.program]
    figures: dict[str, float] = {"seed": seed}
    models = []
    for i, model_type in enumerate(MODELS):
        settings = with_options(model_type, options.set)

        def train(epochs: int, model_type: str = model_type, settings: dict = settings) -> Path:
            steps = options.steps_per_epoch
            return program.train(folder, model_type, settings, seed=seed, epochs=epochs, steps_per_epoch=steps)

        if options.steps:
            steps = options.steps[i]
        else:
            key = f"{model_type}: s per step"
            figures[key] = known.get(key) or round(seconds_per_epoch(train) / options.steps_per_epoch, 4)
            steps = 60 * options.minutes * SHARE[model_type] / figures[key]
        epochs = max(4, round(steps / options.steps_per_epoch))
        start = time.perf_counter()
        models.append(train(epochs))
        figures[f"{model_type}: steps"] = epochs * options.steps_per_epoch
        figures[f"{model_type}: s"] = round(time.perf_counter() - start, 1)
    clips = options.clips
    pair = clips / "clip_pair_13nodes" / "clip.mp4", folder / "test.slp", ",".join(map(str, TEST))
    single = clips / "single_fly_13nodes" / "single_fly.mp4", clips / "single_fly_13nodes" / "single_fly.slp", None
    for name, (video, truth, frames) in {"later part": pair, "other fly": single}.items():
        metrics = evaluate(truth, program.predict(folder, models, video, frames), mode="strict")
        for key in ("dist.p50", "dist.p90", "oks_voc.mAP"):
            figures[f"{name}: {key}"] = math.nan if metrics[key] is None else round(metrics[key], 3)
        figures |= {f"{name}: {key}": metrics[f"instances.{key}"] for key in ("truth", "found", "extra")}
    return figures


def seconds_per_epoch(train: Callable[[int], Path]) -> float:
    """Return the time of an epoch, with its validation: what four more epochs take."""
    seconds = []
    for epochs in (2, 6):
        start = time.perf_counter()
        train(epochs)
        seconds.append(time.perf_counter() - start)
    return (seconds[1] - seconds[0]) / 4


def with_options(model_type: str, options: list[str]) -> dict[str, Any]:
    """Return the settings of a network, with those of the options that are of it."""
    models = copy.deepcopy(MODELS)
    for option in options:
        key, _, value = option.partition("=")
        *path, last = key.split(".")
        section: dict[str, Any] = models
        for name in path:
            section = section.setdefault(name, {})
        section[last] = yaml.safe_load(value)
    return models[model_type]


if __name__ == "__main__":
    main()
