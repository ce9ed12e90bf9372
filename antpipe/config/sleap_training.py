"""How SLEAP's training settings are called and valued here: augmentation, optimizer, schedule, early stop."""

from typing import Any

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "amsgrad"},
    "adamw": {"optimizer": "adamw"},
    "rmsprop": {"optimizer": "rmsprop"},
    "sgd": {"optimizer": "sgd", "momentum": 0.0},
}
"""Ours by SLEAP's name. SLEAP's adam is the variant AMSGrad, and its sgd has no momentum."""


def augmentation(value: dict[str, Any], *, crops: bool) -> dict[str, Any]:
    """Return SLEAP's `augmentation_config` as ours; `crops`: whether the model sees crops, which are not cut again."""

    def range_of(switch: str, low: str, high: str) -> list[float] | None:
        return [value[low], value[high]] if value.get(switch) else None

    flip = bool(value.get("random_flip"))
    window = [value.get("random_crop_width", 256), value.get("random_crop_height", 256)]
    return {
        "rotation": range_of("rotate", "rotation_min_angle", "rotation_max_angle"),
        "scale": range_of("scale", "scale_min", "scale_max"),
        "translation": range_of("translate", "translate_min", "translate_max"),
        "flip_horizontal": flip and bool(value.get("flip_horizontal", True)),
        "flip_vertical": flip and not value.get("flip_horizontal", True),
        "uniform_noise": range_of("uniform_noise", "uniform_noise_min_val", "uniform_noise_max_val"),
        "gaussian_noise": range_of("gaussian_noise", "gaussian_noise_mean", "gaussian_noise_stddev"),
        "contrast": range_of("contrast", "contrast_min_gamma", "contrast_max_gamma"),
        "brightness": range_of("brightness", "brightness_min_val", "brightness_max_val"),
        "random_crop": window if value.get("random_crop") and not crops else None,
    }


def optimization(value: dict[str, Any]) -> dict[str, Any]:
    """Return SLEAP's `optimization` as ours, with SLEAP's defaults."""
    mining = value.get("hard_keypoint_mining") or {}
    return {
        "batch_size": value.get("batch_size", 8),
        "epochs": value.get("epochs", 100),
        "min_batches_per_epoch": value.get("min_batches_per_epoch", 200),
        "learning_rate": value.get("initial_learning_rate", 1e-4),
        **OPTIMIZERS.get(optimizer_name(value), OPTIMIZERS["adam"]),
        "ema_momentum": None,
        **_schedule(value.get("learning_rate_schedule") or {}),
        "early_stopping": _early_stopping(value.get("early_stopping") or {}),
        "hard_keypoints": {
            "enabled": bool(mining.get("online_mining")),
            "ratio": mining.get("hard_to_easy_ratio", 2.0),
            "min_nodes": mining.get("min_hard_keypoints", 2),
            "max_nodes": mining.get("max_hard_keypoints"),
            "loss_scale": mining.get("loss_scale", 5.0),
        },
    }


def optimizer_name(value: dict[str, Any]) -> str:
    """Return the name of the optimizer in SLEAP's `optimization`, in small letters, as Keras takes it."""
    return str(value.get("optimizer") or "adam").lower()


def _schedule(value: dict[str, Any]) -> dict[str, Any]:
    if not value.get("reduce_on_plateau", True):
        return {"schedule": "constant"}
    plateau = {
        "factor": value.get("reduction_factor", 0.5),
        "patience": value.get("plateau_patience", 5),
        "cooldown": value.get("plateau_cooldown", 3),
        "min_delta": value.get("plateau_min_delta", 1e-6),
        "min_learning_rate": value.get("min_learning_rate", 1e-8),
    }
    return {"schedule": "plateau", "plateau": plateau}


def _early_stopping(value: dict[str, Any]) -> dict[str, Any]:
    stops = value.get("stop_training_on_plateau", True)
    return {
        "patience": value.get("plateau_patience", 10) if stops else None,
        "min_delta": value.get("plateau_min_delta", 1e-6),
    }
