"""Settings of one model: input, backbone, head, augmentation and optimization.

Names and meanings are SLEAP's, so that a user's numbers carry over; where a default differs, the docstring says so.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from antpipe.config.backbones import BackboneConfig
from antpipe.config.base import Count, Fraction, NonNegative, Positive, Range, Section, is_power_of_two
from antpipe.config.model_types import MODEL_TYPES, ModelType


class InputConfig(Section):
    """How a frame becomes the network's input."""

    channels: Literal[1, 3] = 1
    """1: gray (full-range luma); 3: RGB."""
    scale: Annotated[float, Field(gt=0, le=4)] = 1.0
    """Factor by which frames are resized first (SLEAP's `input_scaling`)."""
    crop_size: Count | None = None
    """Side of the square crop in pixels after scaling, made a multiple of the maximum stride. None: the longest
    labelled animal plus `crop_padding`. Only for centered_instance."""
    crop_padding: Annotated[int, Field(ge=0)] = 16
    """Pixels added to the longest animal when the crop size is worked out."""


class PafConfig(Section):
    """Part affinity fields (Cao et al. 2017): for each edge, the direction from its one node to the other."""

    sigma: Positive = 75.0
    """Width of the field in square pixels: its weight is exp(-D^4 / (2 sigma^2)) at D pixels from the edge, as SLEAP
    computes it. SLEAP's profiles use 75."""
    output_stride: Count = 8
    """Input pixels per cell, a power of two."""
    loss_weight: Positive = 1.0
    """Factor of this head in the loss."""


class ClassMapsConfig(Section):
    """Maps that say which animal the points at a place belong to."""

    classes: tuple[str, ...] | None = None
    """Names of the animals. None: the names of the tracks in the labels."""
    sigma: Positive = 5.0
    """Spread in cells of the places around a point that belong to its animal."""
    output_stride: Count = 4
    """Input pixels per cell, a power of two."""
    loss_weight: Positive = 1.0
    """Factor of this head in the loss."""


class ClassVectorsConfig(Section):
    """Probabilities of which animal a crop shows."""

    classes: tuple[str, ...] | None = None
    """Names of the animals. None: the names of the tracks in the labels."""
    num_fc_layers: Annotated[int, Field(ge=0)] = 1
    """Fully connected layers before the last one."""
    num_fc_units: Count = 64
    """Units of each."""
    global_pool: bool = True
    """Take the highest value of each feature over the crop first, so that the place does not matter."""
    output_stride: Count = 16
    """Stride of the features that it looks at, a power of two."""
    loss_weight: Positive = 0.01
    """Factor of this head in the loss. SLEAP: 1, with which nodes are learned late: a wrong guess costs hundreds of
    times what a confidence map does."""


class HeadConfig(Section):
    """What the network predicts: a confidence map per node (or one for the centroid), and what else its type needs."""

    anchor_part: str | None = None
    """Node that stands for the animal's centroid; where it is not visible, and for None: the middle of the box."""
    part_names: tuple[str, ...] | None = None
    """Nodes to predict, in this order. None: all of the skeleton. Not for centroid."""
    sigma: Positive = 2.5
    """Spread of the Gaussian target in heat-map cells: `sigma * output_stride` input pixels, as SLEAP computes it
    (not as SLEAP's guide says)."""
    output_stride: Count = 4
    """Input pixels per heat-map cell, a power of two."""
    loss_weight: Positive = 1.0
    """Factor of this head in the loss."""
    offset_refinement: bool = False
    """Also learn how far each peak lies from the middle of its cell. Only `predict.geometry: sleap` uses it; ours finds
    peaks to a tenth of a cell without."""
    pafs: PafConfig = Field(default_factory=PafConfig)
    """Only for multi_instance."""
    class_maps: ClassMapsConfig = Field(default_factory=ClassMapsConfig)
    """Only for multi_class_bottomup."""
    class_vectors: ClassVectorsConfig = Field(default_factory=ClassVectorsConfig)
    """Only for multi_class_topdown."""

    def classes_of(self, kind: ModelType) -> tuple[str, ...] | None:
        """Return the names of the animals that the settings give to a kind of model; None where they give none."""
        told = {"class_maps": self.class_maps.classes, "class_vectors": self.class_vectors.classes}
        return next((told[head] for head in kind.heads if head in told), None)

    @model_validator(mode="after")
    def _strides(self) -> Self:
        strides = {"output_stride": self.output_stride, "pafs.output_stride": self.pafs.output_stride}
        strides |= {"class_maps.output_stride": self.class_maps.output_stride}
        strides |= {"class_vectors.output_stride": self.class_vectors.output_stride}
        for name, stride in strides.items():
            if not is_power_of_two(stride):
                raise ValueError(f"{name} must be a power of two, got {stride}")
        return self


class AugmentationConfig(Section):
    """Random changes of training images; validation images are never changed. None switches a change off."""

    rotation: Range | None = (-180.0, 180.0)
    """Degrees, uniform. SLEAP's default is off and its profiles use +-15; seen from above, any angle is right."""
    scale: Range | None = (0.9, 1.1)
    """Factor of size, uniform."""
    translation: Range | None = (-8.0, 8.0)
    """Pixels after scaling, uniform, in x and y."""
    flip_horizontal: bool = False
    """Mirror left-right in half of the samples; symmetric nodes change places."""
    flip_vertical: bool = False
    """Mirror top-bottom in half of the samples; symmetric nodes change places."""
    uniform_noise: Range | None = None
    """Noise added to each pixel, uniform, in gray levels of 0-255."""
    gaussian_noise: tuple[float, NonNegative] | None = None
    """Mean and standard deviation of noise added to each pixel, in gray levels of 0-255."""
    contrast: tuple[Positive, Positive] | None = (0.8, 1.25)
    """Range of the exponent g in `x ** g` on gray values of 0-1, uniform in its logarithm."""
    brightness: Range | None = (-12.0, 12.0)
    """Gray levels of 0-255 added to the whole image, uniform."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("rotation", "scale", "translation", "uniform_noise", "contrast", "brightness"):
            value = getattr(self, name)
            if value is not None and value[0] > value[1]:
                raise ValueError(f"{name} must be [low, high], got {list(value)}")
        if self.scale is not None and self.scale[0] <= 0:
            raise ValueError(f"scale must be above 0, got {list(self.scale)}")
        return self


class HardKeypointConfig(Section):
    """Online hard keypoint mining: the nodes with the largest loss count once more."""

    enabled: bool = False
    """Whether hard nodes are mined."""
    ratio: Positive = 2.0
    """A node is hard when its loss is at least this multiple of the easiest node's."""
    min_nodes: Count = 2
    """At least so many nodes are taken as hard."""
    max_nodes: Count | None = None
    """At most so many. None: all."""
    loss_scale: NonNegative = 5.0
    """Factor of the additional loss."""


class PlateauConfig(Section):
    """What happens when the validation loss no longer falls."""

    factor: Fraction = 0.5
    """Factor of the learning rate."""
    patience: Count = 5
    """Epochs without progress before the learning rate falls."""
    cooldown: Annotated[int, Field(ge=0)] = 3
    """Epochs after that which do not count."""
    min_delta: NonNegative = 1e-6
    """Least decrease that counts as progress."""
    min_learning_rate: NonNegative = 1e-6
    """The learning rate stays above this. SLEAP: 1e-8."""


class EarlyStoppingConfig(Section):
    """When training ends before its last epoch."""

    patience: Count = 12
    """Epochs without progress."""
    min_delta: NonNegative = 1e-8
    """Least decrease that counts as progress."""


class OptimizationConfig(Section):
    """How the network is trained."""

    batch_size: Count = 4
    """Samples per step."""
    epochs: Count = 200
    """Most epochs."""
    min_batches_per_epoch: Count = 200
    """Steps per epoch, if the samples would give fewer."""
    max_minutes: Positive | None = None
    """Training stops at the end of the epoch that passes this wall-clock time; then a run is no longer
    reproducible to the bit. None: no limit."""
    learning_rate: Positive = 1e-3
    """Adam's first learning rate. SLEAP: 1e-4."""
    plateau: PlateauConfig = Field(default_factory=PlateauConfig)
    """Learning-rate schedule."""
    early_stopping: EarlyStoppingConfig = Field(default_factory=EarlyStoppingConfig)
    """End of training."""
    hard_keypoints: HardKeypointConfig = Field(default_factory=HardKeypointConfig)
    """Online hard keypoint mining."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Arithmetic of the network; bfloat16 is about twice as fast where the processor has it."""


class ModelConfig(Section):
    """One model."""

    input: InputConfig = Field(default_factory=InputConfig)
    """How a frame becomes the network's input."""
    backbone: BackboneConfig = Field(default_factory=BackboneConfig)
    """The network's body."""
    head: HeadConfig = Field(default_factory=HeadConfig)
    """What it predicts."""
    augmentation: AugmentationConfig = Field(default_factory=AugmentationConfig)
    """Random changes of training images."""
    optimization: OptimizationConfig = Field(default_factory=OptimizationConfig)
    """How it is trained."""

    @model_validator(mode="after")
    def _fit(self) -> Self:
        self.backbone.check_output_stride(self.head.output_stride)
        return self

    def check_type(self, model_type: str) -> None:
        """Refuse settings that a type of model does not use, and strides that it cannot have.

        Raises:
            ValueError: naming them.
        """
        kind = MODEL_TYPES[model_type]
        unused = {
            "input.crop_size": not kind.crops,
            "input.crop_padding": not kind.crops,
            "head.anchor_part": not kind.anchored,
            "head.part_names": not kind.nodes,
            **{f"head.{name}": name not in kind.heads for name in ("pafs", "class_maps", "class_vectors")},
        }
        given = [name for name, useless in unused.items() if useless and not self._is_default(name)]
        if given:
            raise ValueError(f"{model_type} models do not use {given}; leave them out")
        strides = {f"head.{name}.output_stride": getattr(self.head, name).output_stride for name in kind.heads}
        for name, stride in strides.items():
            if stride > self.backbone.max_stride:
                raise ValueError(f"{name} {stride} must not be above {self.backbone.max_stride}")
            if stride < self.head.output_stride:
                self._check_finest(name, stride)
        strides["head.output_stride"] = self.head.output_stride
        reached = self.backbone.feature_strides(min(strides.values()))
        for name, stride in strides.items():
            if stride not in reached:
                have = f"backbone.{self.backbone.name} has features of stride {list(reached)} only"
                raise ValueError(f"{have}; change {name}, got {stride}")

    def _check_finest(self, name: str, stride: int) -> None:
        try:
            self.backbone.check_output_stride(stride)
        except ValueError as error:
            raise ValueError(f"{name} {stride} is finer than the confidence maps: {error}") from error

    def _is_default(self, name: str) -> bool:
        section, field = name.split(".")
        value = getattr(self, section)
        return bool(getattr(value, field) == type(value).model_fields[field].get_default(call_default_factory=True))
