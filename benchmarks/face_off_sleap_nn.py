"""sleap-nn 0.3.5 in the face-off: the same networks and batches, SLEAP's sigma, any rotation, else its own defaults."""

from pathlib import Path
from typing import Any

import yaml
from face_off_antpipe import call

PROGRAM = "sleap-nn"
"""Where `pip install "sleap-nn[torch]==0.3.5"` put it; in an environment of its own."""


def train(
    folder: Path, model_type: str, settings: dict[str, Any], *, seed: int, epochs: int, steps_per_epoch: int
) -> Path:
    """Train one network on the labels of a folder for so many epochs and return its folder."""
    optimization = settings.get("optimization", {})
    name = f"{model_type}.{seed}.{epochs}.sleap_nn"
    config = {
        "data_config": {
            "train_labels_path": [str(folder / "train.slp")],
            "val_labels_path": [str(folder / "val.slp")],
            "data_pipeline_fw": "torch_dataset_cache_img_memory",
            "preprocessing": {"ensure_grayscale": True, **settings["input"]},
            "use_augmentations_train": True,
            "augmentation_config": {"geometric": {"rotation_min": -180.0, "rotation_max": 180.0}},
        },
        "model_config": {
            "backbone_config": {"unet": {**settings["backbone"]["unet"], "output_stride": output_stride(settings)}},
            "head_configs": {model_type: {"confmaps": {"sigma": 2.5, **settings["head"]}}},
        },
        "trainer_config": {
            "train_data_loader": {"batch_size": 4, "num_workers": 0},
            "val_data_loader": {"batch_size": 4, "num_workers": 0},
            "trainer_accelerator": "cpu",
            "enable_progress_bar": False,
            "min_train_steps_per_epoch": steps_per_epoch,
            "train_steps_per_epoch": steps_per_epoch,
            "max_epochs": epochs,
            "seed": seed,
            "save_ckpt": True,
            "ckpt_dir": str(folder),
            "run_name": name,
            "optimizer": {"lr": optimization.get("learning_rate", 1e-4)},
            "lr_scheduler": scheduler(optimization.get("schedule", "plateau"), epochs),
            "early_stopping": {"stop_training_on_plateau": False},
        },
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    call(PROGRAM, "train", "--config", folder / f"{name}.yaml")
    return folder / name


def output_stride(settings: dict[str, Any]) -> int:
    """Return the stride of the network's output."""
    return int(settings["head"]["output_stride"])


def scheduler(name: str, epochs: int) -> dict[str, Any]:
    """Return what sleap-nn calls a schedule of ours."""
    if name == "cosine":
        return {"cosine_annealing_warmup": {"warmup_epochs": 3, "max_epochs": epochs, "eta_min": 1e-6}}
    return {"reduce_lr_on_plateau": {"min_lr": 1e-8}}


def predict(folder: Path, models: list[Path], video: Path, frames: str | None) -> Path:
    """Predict some frames of a film, or all, and return the file."""
    poses = folder / "poses.slp"
    command = ["predict", "-i", video, "-o", poses, "--device", "cpu", "--batch_size", 4, "--peak_threshold", 0.2]
    command += [word for model in models for word in ("-m", model)]
    call(PROGRAM, *command, *(["--frames", frames] if frames else []))
    return poses
