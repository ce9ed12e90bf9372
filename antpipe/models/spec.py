"""What a model is, apart from its weights: settings, nodes, crop size; and the file that says so.

Apart from the weights, so that reading it needs no Keras.
"""

from dataclasses import dataclass
from pathlib import Path

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ModelError, reason, shown
from antpipe.files import read_json, write_json
from antpipe.geometry import Transform, resize_transform
from antpipe.poses import Skeleton, read_skeleton

MODEL_FILE = "model.json"
WEIGHTS_FILE = "best.weights.h5"
LARGEST_CROP = 2**15
SLEAP_CONFIG, SLEAP_WEIGHTS = "training_config.json", "best_model.h5"


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """All that is needed to build a model and to run it, without its weights."""

    model_type: str
    config: ModelConfig
    skeleton: Skeleton
    """The nodes that the model predicts, in the order of its maps."""
    crop_size: int | None
    """Side of the crop in pixels after scaling; None for models of whole frames."""
    classes: tuple[str, ...] = ()
    """Names of the animals that the model tells apart, in the order of its classes."""
    from_sleap: bool = False
    """True for a model trained by SLEAP, whose points were scaled about the pixel centre (0, 0)."""

    @property
    def maps(self) -> int:
        """Number of confidence maps."""
        return len(self.skeleton.nodes) if MODEL_TYPES[self.model_type].nodes else 1

    @property
    def stride(self) -> int:
        """Input pixels per cell of the confidence maps."""
        return self.config.head.output_stride

    @property
    def finest_stride(self) -> int:
        """The smallest stride of all heads, down to which the backbone's decoder goes."""
        head = self.config.head
        others = [getattr(head, name).output_stride for name in MODEL_TYPES[self.model_type].heads]
        return min(head.output_stride, *others) if others else head.output_stride

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (width, height) of a frame of `size` after scaling."""
        scale = self.config.input.scale
        # SLEAP cuts the decimals off; ours rounds, so that the factor stays closest to what was asked for.
        return tuple(max(int(s * scale) if self.from_sleap else round(s * scale), 1) for s in size)  # type: ignore[return-value]

    def input_transform(self, size: tuple[int, int]) -> Transform:
        """Return the map from pixels of a frame of `size` (width, height) to pixels of the scaled frame."""
        if self.from_sleap:
            return Transform(scale=(self.config.input.scale, self.config.input.scale))
        return resize_transform(size, self.input_size(size))


def write_spec(folder: str | Path, spec: ModelSpec, versions: dict[str, str]) -> None:
    """Write model.json, which together with the weights makes a model folder."""
    value = {
        "model_type": spec.model_type,
        "crop_size": spec.crop_size,
        "classes": list(spec.classes),
        "skeleton": {k: [list(v) if isinstance(v, tuple) else v for v in vs] for k, vs in vars(spec.skeleton).items()},
        "config": spec.config.model_dump(mode="json"),
        "versions": versions,
    }
    write_json(Path(folder) / MODEL_FILE, value)


def read_spec(folder: str | Path) -> ModelSpec:
    """Return what model.json of one of our run folders says.

    Raises:
        ModelError: if the file is missing or not as we write it.
    """
    path = Path(folder) / MODEL_FILE
    if not path.is_file():
        raise ModelError(f"{folder}: not a model folder; expected {MODEL_FILE} (ours) or {SLEAP_CONFIG} (SLEAP's)")
    try:
        value = read_json(path)
        model_type, crop_size = value["model_type"], value["crop_size"]
        if model_type not in MODEL_TYPES:
            raise ValueError(f"unknown model type {shown(model_type)}; expected one of {list(MODEL_TYPES)}")
        if crop_size is not None and not (isinstance(crop_size, int) and 0 < crop_size < LARGEST_CROP):
            raise ValueError(f"crop_size: expected a number of pixels, got {shown(crop_size)}")
        return ModelSpec(
            model_type=model_type,
            config=ModelConfig.model_validate(value["config"]),
            skeleton=read_skeleton(value["skeleton"]),
            crop_size=crop_size,
            classes=tuple(str(name) for name in value.get("classes", ())),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: cannot be read as a model's settings ({reason(error)})") from error
