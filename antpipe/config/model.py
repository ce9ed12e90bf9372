"""Settings of one model: input, backbone, head, augmentation and optimization.

Names and meanings are SLEAP's, so that a user's numbers carry over; where a default differs, the docstring says so.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from antpipe.config.augmentation import AugmentationConfig
from antpipe.config.backbone import BackboneConfig
from antpipe.config.base import Count, Section, check_path
from antpipe.config.heads import HeadConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.config.optimization import OptimizationConfig


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
    base_checkpoint: str | None = None
    """Folder of a trained model, ours or SLEAP's, whose weights training begins with, where a layer of the same name
    and shape is there; the log says which are not. None: random weights."""

    @field_validator("base_checkpoint")
    @classmethod
    def _a_folder(cls, folder: str | None) -> str | None:
        return None if folder is None else check_path(folder)

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
            "augmentation.random_crop": kind.crops,
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
