"""The growth point of inference: from models that work together to the animals of a frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from antpipe.config.inference import PredictConfig
from antpipe.config.model_types import PIPELINES
from antpipe.errors import ModelError
from antpipe.geometry import Array
from antpipe.poses import Skeleton
from antpipe.registry import Registry

if TYPE_CHECKING:
    from antpipe.models.folder import TrainedModel

Models = Mapping[str, "TrainedModel"]
"""Models that work together, by type."""


class Found(NamedTuple):
    """The animals of one frame, in pixels of the video."""

    points: Array
    """(instances, nodes, 2); NaN where a node is not visible"""
    point_scores: Array
    """(instances, nodes)"""
    instance_scores: Array
    """(instances,)"""
    tracks: Sequence[str | None] | None = None
    """Which animal each instance is, from models that tell animals apart; None from others."""
    tracking_scores: Array | None = None
    """(instances,), how sure that is"""


class Predictor(Protocol):
    """Models of one pipeline, ready to run."""

    @property
    def skeleton(self) -> Skeleton:
        """The nodes that are found."""

    def prepare(self, image: Array) -> Any:
        """Return a video frame (height, width, channels) as `find` takes it; runs off the main thread."""

    def find(self, frames: Sequence[Any]) -> list[Found]:
        """Return the animals of each frame of a batch; all frames have one size."""


PREDICTORS: Registry[Callable[[Models, PredictConfig], Predictor]] = Registry(
    "predictor", "antpipe.inference.predictors"
)
"""`predictor(models, config)`, under the type of the pipeline's last model."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Models that work together, loaded and ready."""

    models: Models
    predictor: Predictor
    batch_size: int
    """Frames per batch."""
    batches_at_once: int
    """How many batches are to be in the works at once."""

    @property
    def channels(self) -> int:
        """Channels of the video frames that the predictor wants."""
        return max(model.spec.config.input.channels for model in self.models.values())


def load_pipeline(folders: Sequence[str | Path], config: PredictConfig) -> Pipeline:
    """Return the models of some folders, ours or SLEAP's, in any order, as one predictor.

    Raises:
        ModelError: if a folder holds no model, or the models do not work together.
    """
    # Imported here: listing the predictors needs no Keras.
    from antpipe.inference.engine import batches_at_once, with_batches
    from antpipe.models.folder import load_model

    models: dict[str, TrainedModel] = {}
    for folder in folders:
        model = load_model(folder, config.precision)
        if model.spec.model_type in models:
            raise ModelError(f"{folder}: a second {model.spec.model_type} model; give one of each kind")
        models[model.spec.model_type] = model
    names = next((pipeline for pipeline in PIPELINES if set(pipeline) == set(models)), None)
    if names is None:
        raise ModelError(
            f"{', '.join(map(str, folders))}: expected models that work together, one of "
            f"{[list(pipeline) for pipeline in PIPELINES]}, got {sorted(models)}; add --model FOLDER"
        )
    config = with_batches(config)
    return Pipeline(
        models=models,
        predictor=PREDICTORS[names[-1]](models, config),
        batch_size=config.batch_size or 1,
        batches_at_once=batches_at_once(),
    )
