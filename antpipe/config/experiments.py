"""Which runs a configuration asks for: model types, settings to try, folds."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from antpipe.config.base import Section
from antpipe.config.model import ModelConfig
from antpipe.errors import ConfigError

Grid = dict[str, list[Any]]


class SelectConfig(Section):
    """Which of several runs predicts."""

    centroid: str = "detection.f1@5px"
    """Measure by which the centroid network is chosen. Measures are the columns of models/comparison/comparison.tsv."""
    others: str = "oks_voc.mAP"
    """Measure by which the other networks are chosen."""
    part: Literal["val", "test", "train"] = "val"
    """Part of the split on which they are measured. Choose on val, so that the figures on test stay honest."""


class PlannedRun(BaseModel):
    """One network to be trained."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Of its folder below the models: the experiment, what differs from it, and the fold."""
    model_type: str
    settings: ModelConfig
    fold: int


def plan_runs(
    experiment: str, models: Mapping[str, ModelConfig], grid: Grid, folds: int | None
) -> dict[tuple[str, str], PlannedRun]:
    """Return the runs of an experiment by name and model type: all combinations of the grid, times all folds.

    A model is trained once for each combination of the settings of its own; what the grid tries for another model
    does not train it again.

    Raises:
        ConfigError: if a key of the grid names no setting, or a value does not fit.
    """
    runs = {}
    for model_type, model in models.items():
        keys = [key for key in grid if key.split(".")[0] == model_type]
        for values in itertools.product(*(grid[key] for key in keys)):
            settings = _changed(model, model_type, dict(zip(keys, values, strict=True)))
            name = "-".join([experiment, *(_words(key, value, keys) for key, value in zip(keys, values, strict=True))])
            for fold in range(folds or 1):
                full = f"{name}.fold_{fold}" if folds else name
                runs[full, model_type] = PlannedRun(name=full, model_type=model_type, settings=settings, fold=fold)
    return runs


def check_grid(grid: Grid, models: Mapping[str, ModelConfig]) -> None:
    """Refuse a grid with a key that names no model of the configuration, or without values.

    Raises:
        ValueError: naming the key.
    """
    for key, values in grid.items():
        model_type, dot, _ = key.partition(".")
        if model_type not in models or not dot:
            raise ValueError(f"{key}: expected a setting of {list(models)}, such as {next(iter(models))}.head.sigma")
        if not values:
            raise ValueError(f"{key}: expected at least one value, got an empty list")


def _changed(model: ModelConfig, model_type: str, changes: Mapping[str, Any]) -> ModelConfig:
    value = model.model_dump()
    for key, new in changes.items():
        *sections, last = key.split(".")[1:]
        place = value
        for section in sections:
            place = place.get(section) if isinstance(place, dict) else None  # type: ignore[assignment]
        if not isinstance(place, dict) or last not in place:
            known = sorted(place) if isinstance(place, dict) else sorted(value)
            raise ConfigError(f"grid: {key}: unknown key; known keys are {known}")
        place[last] = new
    try:
        changed = ModelConfig.model_validate(value)
        changed.check_type(model_type)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"grid: {dict(changes)}: {'.'.join(map(str, first['loc']))}: {message}") from error
    except ValueError as error:
        raise ConfigError(f"grid: {dict(changes)}: {error}") from error
    return changed


def _words(key: str, value: Any, keys: Sequence[str]) -> str:
    """Return a setting and its value as a part of a folder's name; two settings of one name get their sections."""
    parts = key.split(".")
    alike = [other for other in keys if other.split(".")[-1] == parts[-1]]
    name = "_".join(parts[-2:]) if len(alike) > 1 else parts[-1]
    return f"{name}_{re.sub(r'[^A-Za-z0-9_.]+', '_', str(value)).strip('_')}"
