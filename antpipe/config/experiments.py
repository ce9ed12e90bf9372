"""Which runs a configuration asks for: model types, settings to try, folds."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, WithJsonSchema

from antpipe.config.base import LONGEST_NAME, Section
from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ConfigError, shown

_ONE_GRID = {"type": "object", "additionalProperties": {"type": "array"}}
Grid = Annotated[Any, WithJsonSchema({"anyOf": [_ONE_GRID, {"type": "array", "items": _ONE_GRID}]})]
"""Values to try by setting, or a list of such grids; `check_grid` says what does not fit."""
Trial = tuple[tuple[str, Any], ...]
"""Settings with the values that one run tries."""
MOST_RUNS = 10_000
"""Of a model, folds counted; a few lists of values become millions of combinations."""


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
    """Return the runs of an experiment by name and model type: all combinations of each grid, times all folds.

    A model is trained once for each combination of the settings of its own; what a grid tries for another model
    does not train it again.

    Raises:
        ConfigError: if the key of a grid names no setting, a value does not fit, two runs would share a folder, or
            crops lie around a part that no centroid network finds.
    """
    runs: dict[tuple[str, str], PlannedRun] = {}
    for model_type, model in models.items():
        own = _own_grids(grid, model_type)
        count = (folds or 1) * sum(math.prod(map(len, one.values())) for one in own)
        if count > MOST_RUNS:
            raise ConfigError(f"grid: expected at most {MOST_RUNS} runs of {model_type}, got {count}; try fewer values")
        trials = [trial for one in own for trial in _trials(one)]
        keys = list(dict.fromkeys(key for trial in trials for key, _ in trial))
        for trial in trials:
            settings = _changed(model, model_type, dict(trial))
            name = "-".join([experiment, *(_words(key, value, keys) for key, value in trial)])
            for fold in range(folds or 1):
                full = f"{name}.fold_{fold}" if folds else name
                run = PlannedRun(name=full, model_type=model_type, settings=settings, fold=fold)
                _check_name(run, runs.setdefault((full, model_type), run))
    _check_anchors(list(runs.values()))
    return runs


def _check_anchors(runs: Sequence[PlannedRun]) -> None:
    """Refuse crops around a part of the body on which no centroid network puts an animal."""
    found = {run.settings.head.anchor_part for run in runs if run.model_type == "centroid"}
    for run in runs:
        anchor = run.settings.head.anchor_part
        if found and MODEL_TYPES[run.model_type].crops and anchor not in found:
            raise ConfigError(
                f"models.{run.model_type}.head.anchor_part: {shown(anchor)} is no anchor of the centroid network, "
                f"which finds {shown(sorted(map(str, found)))}; give both the same anchor_part"
            )


def check_grid(grid: Grid, models: Mapping[str, ModelConfig]) -> None:
    """Refuse a grid with a key that names no model of the configuration, or without values.

    Raises:
        ValueError: naming the key.
    """
    if not isinstance(grid, dict | list) or not all(isinstance(one, dict) for one in _grids(grid)):
        raise ValueError(f"grid: expected values by setting, or a list of such sections, got {grid!r}")
    for key, values in (item for one in _grids(grid) for item in one.items()):
        model_type, dot, _ = str(key).partition(".")
        if model_type not in models or not dot:
            raise ValueError(f"{key}: expected a setting of {list(models)}, such as {next(iter(models))}.head.sigma")
        if not isinstance(values, list):
            raise ValueError(f"grid: {key}: expected a list of values, got {values!r}")
        if not values:
            raise ValueError(f"{key}: expected at least one value, got an empty list")


def _grids(grid: Grid) -> list[dict[str, list[Any]]]:
    return [grid] if isinstance(grid, dict) else grid


def _own_grids(grid: Grid, model_type: str) -> list[dict[str, list[Any]]]:
    """Return what each grid tries for a model; an empty one where none tries anything for it."""
    own = [{key: one[key] for key in one if key.split(".")[0] == model_type} for one in _grids(grid)]
    return [one for one in own if one] or [{}]


def _trials(grid: Mapping[str, list[Any]]) -> Iterator[Trial]:
    """Yield what each run tries; nothing, once, for an empty grid."""
    for values in itertools.product(*grid.values()):
        yield tuple(zip(grid, values, strict=True))


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
    return f"{name}_{re.sub(r'[^A-Za-z0-9_.-]+', '_', str(value)).strip('_')}"


def _check_name(run: PlannedRun, first: PlannedRun) -> None:
    """Refuse a run whose folder is that of another one with other settings, or has too long a name."""
    if run.settings != first.settings:
        raise ConfigError(
            f"grid: two runs of {run.model_type} with different settings would share the folder {run.name!r}; try "
            "their values in experiments of different names"
        )
    if len(run.name) > LONGEST_NAME:
        raise ConfigError(f"grid: the name {shown(run.name)} is too long for a folder; try fewer settings at once")
