"""antpipe in the face-off: trains a network and predicts with a pair of them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import sleap_io as sio
import yaml
from face_off_labels import TRAIN, VAL

from antpipe.labels.fold import Fold
from antpipe.labels.split import Split
from antpipe.labels.split_file import write_split


def train(
    folder: Path, model_type: str, settings: dict[str, Any], *, seed: int, epochs: int, steps_per_epoch: int
) -> Path:
    """Train one network on the labels of a folder for so many epochs and return its folder."""
    optimization = {"batch_size": 4, "min_batches_per_epoch": steps_per_epoch, "epochs": epochs}
    optimization |= settings.get("optimization", {})
    config = {"models": {model_type: {**settings, "optimization": optimization}}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    labels = sio.load_slp(str(folder / "labels.slp"), open_videos=False)
    name = Path(str(labels.video.filename)).name
    parts = {part: tuple((name, i) for i in frames) for part, frames in (("train", TRAIN), ("val", VAL), ("test", ()))}
    write_split(folder / "split.json", Split(folds=(Fold(**parts),), by="indices"))
    run = folder / f"{model_type}.{seed}.{epochs}"
    arguments = [folder / "config.yaml", folder / "labels.slp", "--type", model_type, "-o", run, "--seed", seed]
    call(sys.executable, "-m", "antpipe.cli", "train", *arguments, "--split", folder / "split.json")
    return run


def predict(folder: Path, models: list[Path], video: Path, frames: str | None) -> Path:
    """Predict some frames of a film, or all, and return the file."""
    poses = folder / "poses.parquet"
    command = ["predict", video, "-o", poses, *(word for model in models for word in ("--model", model))]
    call(sys.executable, "-m", "antpipe.cli", *command, *(["--frames", frames] if frames else []))
    return poses


def call(*command: object) -> None:
    """Run a program that must succeed."""
    run = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        raise SystemExit(run.stdout)
