"""What the files of a run folder say: its settings, what it was trained on, and its training log."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.config.sleap import SleapConfig, read_document, read_sleap_config
from antpipe.errors import ConfigError, ModelError, reason, shown
from antpipe.files import read_json
from antpipe.geometry import Array
from antpipe.labels.split import PARTS, FrameKey
from antpipe.models.spec import SLEAP_CONFIG, read_spec

RUN_FILE, LOG_FILE = "run.json", "training_log.csv"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a model was trained to be."""

    model_type: str
    nodes: tuple[str, ...]
    """Nodes that the model predicts; none for a centroid model of SLEAP."""
    values: Mapping[str, str]
    """Every setting as `section.key`."""
    frames: Mapping[str, tuple[FrameKey, ...]]
    """The labelled frames by part of the split, where they are written down."""


def read_our_settings(path: Path) -> Settings:
    """Return the settings in our run folder.

    Raises:
        ModelError: if model.json or run.json is missing or not as we write it.
    """
    spec, record = read_spec(path), _read_record(path / RUN_FILE)
    frames = {part: len(record["frames"][part]) for part in PARTS}
    trained = {"crop_size": spec.crop_size, "seed": record["seed"], "fold": record["fold"], "frames": frames}
    return Settings(
        model_type=spec.model_type,
        nodes=spec.skeleton.nodes,
        values=flatten({**spec.config.model_dump(mode="json"), **trained}),
        frames=record["frames"],
    )


def _read_record(path: Path) -> dict[str, Any]:
    """Return run.json, which is written last."""
    try:
        record = read_json(path)
        frames = {part: tuple((str(video), int(i)) for video, i in record["frames"][part]) for part in PARTS}
        return {"seed": record.get("seed"), "fold": record.get("fold"), "frames": frames}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: not found; the training is not finished, let it end or run it again") from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise ModelError(
            f"{path}: expected what antpipe train writes, but it cannot be read ({reason(error)})"
        ) from error


def read_sleap_settings(path: Path) -> Settings:
    """Return the settings in a run folder of SLEAP, under our names as far as we have them.

    A kind of model that we do not have keeps SLEAP's names, with `sleap.` before them.

    Raises:
        ModelError, ConfigError: if training_config.json is not a training configuration of SLEAP.
    """
    file = path / SLEAP_CONFIG
    document = read_document(file)
    try:
        ((model_type, head),) = ((k, v) for k, v in document["model"]["heads"].items() if v is not None)
        nodes = tuple((head.get("confmaps") or head).get("part_names") or ())
        own = {name: document.get(name) for name in ("data", "model", "optimization")}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            f"{file}: expected a SLEAP training configuration, but it is not one ({reason(error)})"
        ) from error
    try:
        sleap = read_sleap_config(file)
    except ConfigError:
        return Settings(model_type=model_type, nodes=nodes, values=flatten({"sleap": own}), frames={})
    return Settings(model_type=sleap.model_type, nodes=nodes, values=_converted(sleap), frames={})


def _converted(sleap: SleapConfig) -> dict[str, str]:
    frames = {part: len(indices) for part, indices in (sleap.training_indices or {}).items()}
    trained = {"crop_size": sleap.crop_size, "frames": frames}
    notes = {"sleap.not_used": "; ".join(sleap.notes)} if sleap.notes else {}
    return flatten({**sleap.model.model_dump(mode="json"), **trained}) | notes


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings as `section.key` and text: None as `none`, lists with commas, all else as in JSON."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flatten(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)


def read_log(path: Path) -> dict[str, Array]:
    """Return the columns (epochs,) of a training log; NaN where a cell is empty.

    Raises:
        ModelError: if the file is missing or is no training log with an epoch or more.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        columns = {name: np.array([float(row[name] or "nan") for row in rows]) for name in (rows or [{}])[0]}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: training log not found; its learning curve is not drawn") from error
    except (csv.Error, ValueError, TypeError) as error:
        raise ModelError(f"{path}: expected a training log in CSV, but it cannot be read ({reason(error)})") from error
    if not {"epoch", "loss"} <= set(columns):
        raise ModelError(
            f"{path}: expected the columns epoch and loss with an epoch or more, got {shown(sorted(columns))}"
        )
    return columns
