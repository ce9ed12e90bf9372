"""SLEAP's training configuration (initial_config.json, training_config.json) as our settings."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from antpipe.config.backbone import BackboneConfig
from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES, ModelType
from antpipe.config.sleap_training import OPTIMIZERS, augmentation, optimization, optimizer_name
from antpipe.errors import ConfigError, reason, shown
from antpipe.files import parse_json

BACKBONE_DEFAULTS: dict[str, dict[str, Any]] = {"unet": {"filters": 64}, "resnet": {"upsampling": None}}
"""SLEAP's defaults of backbones that are not ours, by SLEAP's names."""


@dataclass(frozen=True, kw_only=True)
class SleapConfig:
    """A SLEAP configuration, converted."""

    model_type: str
    model: ModelConfig
    crop_size: int | None
    """Side of the crop in pixels after scaling, as it was trained."""
    training_indices: dict[str, list[int]] | None
    """`train`, `val` and `test` as indices into all labelled frames, where the file says so."""
    validation_fraction: float
    """Share of the labelled frames for validation, where there are no indices; the others are for training."""
    notes: tuple[str, ...]
    """Settings of the file that have no counterpart here and were left out, one sentence each."""


def read_sleap_config(path: str | Path) -> SleapConfig:
    """Return a SLEAP configuration file, with or without // comments, as our settings.

    Raises:
        ConfigError: if the file is not such a configuration, or asks for what we do not have.
    """
    document = read_document(path)
    try:
        return _convert(document, Path(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {reason(error)}") from error
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"{path}: expected a SLEAP training configuration, but it is not one ({reason(error)})"
        ) from error


def read_document(path: str | Path) -> dict[str, Any]:
    """Return the content of a JSON file, with or without // comments.

    Raises:
        ConfigError: if the file is missing or is not JSON.
    """
    if not Path(path).is_file():
        raise ConfigError(f"{path}: SLEAP configuration not found")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected JSON, but it is not text ({error})") from error
    # A string is kept as it is; a // comment outside of strings goes.
    text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda m: m.group(1) or "", text)
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: expected JSON, but line {error.lineno} cannot be read ({error.msg})") from error
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, but it cannot be read ({reason(error)})") from error


def _convert(document: dict[str, Any], path: Path) -> SleapConfig:
    data, model = document["data"], document["model"]
    model_type, head = _only(model["heads"], f"{path}: model.heads")
    if model_type not in MODEL_TYPES:
        raise ConfigError(f"{path}: model type {model_type!r} is not supported; choose one of {list(MODEL_TYPES)}")
    backbone_name, backbone = _only(model["backbone"], f"{path}: model.backbone")
    backbones = list(BackboneConfig.model_fields)
    if backbone_name not in backbones:
        raise ConfigError(f"{path}: backbone {backbone_name!r} is not supported; choose one of {backbones}")
    preprocessing, cropping = data.get("preprocessing", {}), data.get("instance_cropping", {})
    training = document.get("optimization", {})
    kind = MODEL_TYPES[model_type]
    settings = {
        "input": {
            "channels": 3 if preprocessing.get("ensure_rgb") else 1,
            "scale": preprocessing.get("input_scaling", 1.0),
            "crop_size": cropping.get("crop_size") if kind.crops else None,
            **({"crop_padding": cropping.get("crop_size_detection_padding", 16)} if kind.crops else {}),
        },
        "backbone": {backbone_name: _backbone(backbone_name, backbone)},
        "head": _head(kind, head, cropping),
        "augmentation": augmentation(training.get("augmentation_config", {}), crops=kind.crops),
        "optimization": optimization(training),
        "base_checkpoint": model.get("base_checkpoint") or None,
    }
    converted = ModelConfig.model_validate(settings)
    return SleapConfig(
        model_type=model_type,
        model=converted,
        crop_size=converted.input.crop_size,
        training_indices=_indices(data.get("labels", {})),
        validation_fraction=float(data.get("labels", {}).get("validation_fraction") or 0.1),
        notes=tuple(_notes(data.get("labels", {}), preprocessing, training)),
    )


def _head(kind: ModelType, head: dict[str, Any], cropping: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of SLEAP's head, which are one level deeper where there are several heads."""
    maps = head["confmaps"] if kind.heads else head
    fields = ("sigma", "output_stride", "loss_weight")
    settings = {name: maps[name] for name in fields if name in maps}
    settings |= {"offset_refinement": bool(maps.get("offset_refinement"))}
    if kind.anchored:
        settings["anchor_part"] = maps.get("anchor_part") or cropping.get("center_on_part")
    if kind.nodes:
        settings["part_names"] = maps.get("part_names")
    more = ("classes", "num_fc_layers", "num_fc_units", "global_pool")
    for name in kind.heads:
        settings[name] = {field: head[name][field] for field in (*fields, *more) if field in head[name]}
    return settings


def _backbone(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of SLEAP's backbone, with SLEAP's defaults where ours differ; the head has the stride."""
    return {k: v for k, v in {**BACKBONE_DEFAULTS.get(name, {}), **settings}.items() if k != "output_stride"}


def _only(choices: dict[str, Any], place: str) -> tuple[str, dict[str, Any]]:
    chosen = {name: value for name, value in choices.items() if value is not None}
    if len(chosen) != 1:
        raise ConfigError(f"{place}: expected exactly one, got {sorted(chosen)}")
    return next(iter(chosen.items()))


def _indices(labels: dict[str, Any]) -> dict[str, list[int]] | None:
    lists = {"train": "training_inds", "val": "validation_inds", "test": "test_inds"}
    found = {part: labels[name] for part, name in lists.items() if labels.get(name)}
    for part, indices in found.items():
        if not (isinstance(indices, list) and all(isinstance(index, int) for index in indices)):
            raise ValueError(f"data.labels.{lists[part]}: expected a list of frames, got {shown(indices)}")
    return found if {"train", "val"} <= set(found) else None


def _notes(labels: dict, preprocessing: dict, training: dict) -> list[str]:
    """Return a sentence for every setting that changes SLEAP's result and has no counterpart here."""
    known = optimizer_name(training) in OPTIMIZERS
    left_out = {
        "data.labels.validation_labels": labels.get("validation_labels"),
        "data.labels.test_labels": labels.get("test_labels"),
        "data.preprocessing.imagenet_mode": preprocessing.get("imagenet_mode"),
        "data.preprocessing.target_height": preprocessing.get("target_height"),
        "optimization.optimizer": None if known else training.get("optimizer"),
    }
    return [f"{name} = {value!r} of the SLEAP configuration is not used" for name, value in left_out.items() if value]
