"""The whole of config.yaml."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from antpipe.config.base import Section, check_path
from antpipe.config.experiments import Grid, PlannedRun, SelectConfig, check_grid, plan_runs
from antpipe.config.export import ExportConfig
from antpipe.config.features import FeaturesConfig
from antpipe.config.inference import PredictConfig
from antpipe.config.labels import MergeConfig, SplitConfig
from antpipe.config.measurements import MeasurementsConfig
from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES, PIPELINES
from antpipe.config.preprocess import PreprocessConfig
from antpipe.config.report import ReportConfig
from antpipe.config.simulate import SimulateConfig
from antpipe.config.stitching import StitchConfig
from antpipe.config.suggest import SuggestConfig
from antpipe.config.tracking import TrackConfig
from antpipe.config.yaml_file import read_yaml
from antpipe.errors import LONGEST, ConfigError, printable, shown

SIMULATED = "simulated"
KINDS, WRAPPED_KINDS = ("str", "list[str]"), ("function-", "constrained-", "literal[")
"""What pydantic puts among the keys of an error to say which of several types did not fit."""
Paths = list[str] | str
MOST_SENTENCES = 5
"""Of mistakes that are told at once."""


class ModelsConfig(Section):
    """The models of a prediction; those that are named work together."""

    centroid: ModelConfig | None = None
    """Finds the animals of a frame."""
    centered_instance: ModelConfig | None = None
    """Finds the nodes of one animal in a crop around it."""
    single_instance: ModelConfig | None = None
    """Finds the nodes of the only animal of a frame."""
    multi_instance: ModelConfig | None = None
    """Finds the nodes of all animals of a frame, and which of them belong together (bottom-up)."""
    multi_class_bottomup: ModelConfig | None = None
    """Finds the nodes of all animals of a frame, and which animal each belongs to; animals are told apart by sight."""
    multi_class_topdown: ModelConfig | None = None
    """Finds the nodes of one animal in a crop around it, and which animal it is."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:
        """Add the partner that a top-down model cannot do without, with its defaults."""
        if not isinstance(value, dict):
            return value
        named = {name for name, model in value.items() if model is not None}
        if named <= {"centroid", "centered_instance"}:
            both = {name: value.get(name) for name in ("centroid", "centered_instance")}
            return {**value, **{name: {} if model is None else model for name, model in both.items()}}
        return {**value, "centroid": {}} if named == {"multi_class_topdown"} else value

    @field_validator("*")
    @classmethod
    def _of_its_type(cls, model: ModelConfig | None, info: ValidationInfo) -> ModelConfig | None:
        if model is not None and info.field_name is not None:
            model.check_type(info.field_name)
        return model

    @model_validator(mode="after")
    def _work_together(self) -> Self:
        names = tuple(self.chosen)
        if names not in PIPELINES:
            known = [list(pipeline) for pipeline in PIPELINES]
            raise ValueError(f"expected models that work together, one of {known}, got {list(names)}")
        return self

    @property
    def chosen(self) -> dict[str, ModelConfig]:
        """The models that are named, by type."""
        models = {name: getattr(self, name) for name in MODEL_TYPES}
        return {name: model for name, model in models.items() if model is not None}


class Config(Section):
    """An experiment: where the data is, and the settings of each stage."""

    videos: Paths | Literal["simulated"] = SIMULATED
    """Video files, folders' worth of them as patterns such as `data/*.mp4`, or a list of both. `simulated`: films of
    synthetic ants, drawn by rule simulate."""
    labels: Paths | Literal["simulated"] = SIMULATED
    """SLEAP label files (.slp), as for videos. `simulated`: the exact labels of the simulated films."""
    results: str = "results"
    """Folder of all results."""
    experiment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] = "base"
    """Name of this set of models; another name keeps the models trained so far."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of every random draw in training."""
    simulate: SimulateConfig = Field(default_factory=SimulateConfig)
    """The simulated films."""
    preprocess: PreprocessConfig = Field(default_factory=PreprocessConfig)
    """Cutting, scaling and encoding of raw videos."""
    merge: MergeConfig = Field(default_factory=MergeConfig)
    """Several label files into one."""
    split: SplitConfig = Field(default_factory=SplitConfig)
    """Labelled frames for training, validation and test."""
    models: ModelsConfig = Field(default_factory=ModelsConfig)
    """The networks and their training."""
    grid: Grid = Field(default_factory=dict)
    """Settings to try, such as `centered_instance.backbone.unet.filters: [16, 24, 32]`; all combinations are
    trained and compared. A list of such sections tries each by itself, without combinations between them. With
    `split.folds` each is trained once per fold."""
    select: SelectConfig = Field(default_factory=SelectConfig)
    """Which of several runs predicts."""
    predict: PredictConfig = Field(default_factory=PredictConfig)
    """Inference over whole videos."""
    track: TrackConfig = Field(default_factory=TrackConfig)
    """Instances into tracks."""
    stitch: StitchConfig = Field(default_factory=StitchConfig)
    """A second look at the tracks: broken ones are joined, and those that changed animals are mended."""
    features: FeaturesConfig = Field(default_factory=FeaturesConfig)
    """Angles, lengths and speeds of the animals."""
    measurements: MeasurementsConfig = Field(default_factory=MeasurementsConfig)
    """Force or the like, joined to the frames."""
    export: ExportConfig = Field(default_factory=ExportConfig)
    """Files for other programs."""
    suggest: SuggestConfig = Field(default_factory=SuggestConfig)
    """Frames worth labelling next."""
    report: ReportConfig = Field(default_factory=ReportConfig)
    """Pictures and overlay videos."""

    @model_validator(mode="after")
    def _tries_what_there_is(self) -> Self:
        check_grid(self.grid, self.models.chosen)
        return self

    @field_validator("results")
    @classmethod
    def _a_folder(cls, results: str) -> str:
        if not results.strip() or any(c in "{}\n" for c in results):
            raise ValueError("expected the name of a folder, without {}")
        if results.startswith("~"):
            raise ValueError("expected the whole path of a folder, because ~ does not stand for the home folder here")
        return check_path(results)

    @field_validator("experiment")
    @classmethod
    def _a_name(cls, experiment: str) -> str:
        if not experiment.strip("."):
            raise ValueError("expected a name, which dots alone are not")
        return experiment

    def runs(self) -> dict[tuple[str, str], PlannedRun]:
        """Return the networks to be trained, by name and model type; see `plan_runs`."""
        return plan_runs(self.experiment, self.models.chosen, self.grid, self.split.folds)


def load_config(path: str | Path) -> Config:
    """Return the settings of a YAML file.

    Raises:
        ConfigError: in one sentence: which key, what was expected, what came.
    """
    if not Path(path).exists():
        raise ConfigError(f"{path}: configuration not found")
    return parse_config(read_yaml(path), str(path))


def parse_config(value: Any, place: str = "config") -> Config:
    """Return the settings of a dictionary; `place` names it in errors."""
    if not isinstance(value, dict):
        raise ConfigError(f"{place}: expected sections such as `videos:`, got {shown(value)}")
    try:
        return Config.model_validate(value)
    except ValidationError as error:
        sentences = _sentences(error)
        more = [f"and {len(sentences) - MOST_SENTENCES} more"] if len(sentences) > MOST_SENTENCES else []
        raise ConfigError(f"{place}: " + printable("; ".join(sentences[:MOST_SENTENCES] + more))) from error


def _sentences(error: ValidationError) -> list[str]:
    """Return one sentence per key; a key that may be several things is named once."""
    sentences: dict[str, str] = {}
    for item in error.errors():
        path = [str(key)[:LONGEST] for key in item["loc"]]
        if item["type"] == "extra_forbidden":
            sentences[".".join(path)] = _unknown_key(path)
        else:
            keys = [key for key in path if key not in KINDS and not key.startswith(WRAPPED_KINDS)]
            message = " ".join(item["msg"].removeprefix("Value error, ").split())
            # What does not fit within a section says so itself; the whole section is no help.
            known = ", got " in message or (item["type"] == "value_error" and isinstance(item["input"], dict))
            came = "" if known else f", got {shown(item['input'])}"
            place = f"{'.'.join(keys)}: " if keys else ""
            sentences.setdefault(".".join(keys), f"{place}{message}{came}")
    return list(sentences.values())


def _unknown_key(keys: Sequence[str]) -> str:
    section: type[Section] = Config
    for key in keys[:-1]:
        annotation: Any = section.model_fields[key].annotation
        kinds = [annotation, *getattr(annotation, "__args__", ())]
        section = next(k for k in kinds if isinstance(k, type) and issubclass(k, Section))
    known = sorted(section.model_fields)
    close = difflib.get_close_matches(keys[-1], known, 1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{'.'.join(keys)}: unknown key; {guess}known keys are {known}"
