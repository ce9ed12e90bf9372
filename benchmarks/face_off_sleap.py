"""SLEAP 1.3.3 in the face-off: its baseline profiles, the same networks and batches, any rotation, no early stop."""

import json
from pathlib import Path
from typing import Any

from face_off_antpipe import call

PROGRAMS = Path("bin")
"""Where `pip install "sleap[pypi]==1.3.3"` put its programs, in an environment of its own with Python 3.7."""
PROFILES = {"centroid": "baseline.centroid.json", "centered_instance": "baseline_medium_rf.topdown.json"}


def train(
    folder: Path, model_type: str, settings: dict[str, Any], *, seed: int, epochs: int, steps_per_epoch: int
) -> Path:
    """Train one network on the labels of a folder for so many epochs and return its folder; SLEAP knows no seed."""
    (profile,) = PROGRAMS.parent.glob(f"lib/python3*/site-packages/sleap/training_profiles/{PROFILES[model_type]}")
    config = json.loads(profile.read_text())
    name = f"{model_type}.{seed}.{epochs}.sleap"
    head = settings["head"]
    config["data"]["preprocessing"] |= {"ensure_grayscale": True, "input_scaling": settings["input"]["scale"]}
    config["data"]["instance_cropping"] |= {
        "center_on_part": head["anchor_part"],
        "crop_size": settings["input"].get("crop_size"),
    }
    config["model"]["backbone"]["unet"] |= {**settings["backbone"]["unet"], "output_stride": head["output_stride"]}
    config["model"]["heads"][model_type] |= head
    optimization = config["optimization"]
    optimization["augmentation_config"] |= {"rotate": True, "rotation_min_angle": -180, "rotation_max_angle": 180}
    optimization["early_stopping"]["stop_training_on_plateau"] = False
    optimization |= {
        "batch_size": 4,
        "epochs": epochs,
        "batches_per_epoch": steps_per_epoch,
        "min_val_batches_per_epoch": 3,
    }
    config["outputs"] |= {"run_name": name, "runs_folder": str(folder), "save_visualizations": False}
    (folder / f"{name}.json").write_text(json.dumps(config))
    labels = folder / "train.slp", "--val_labels", folder / "val.slp"
    call(PROGRAMS / "sleap-train", folder / f"{name}.json", *labels)
    return folder / name


def predict(folder: Path, models: list[Path], video: Path, frames: str | None) -> Path:
    """Predict some frames of a film, or all, and return the file."""
    poses = folder / "poses.slp"
    command = [PROGRAMS / "sleap-track", video, "-o", poses, "--batch_size", 4, "--peak_threshold", 0.2]
    command += [word for model in models for word in ("-m", model)]
    call(*command, *(["--frames", frames] if frames else []))
    return poses
