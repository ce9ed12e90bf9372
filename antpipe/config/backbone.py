"""The choice of a backbone."""

from typing import Any, Self

from pydantic import Field, model_validator

from antpipe.config.backbones.hourglass import HourglassConfig
from antpipe.config.backbones.leap import LeapConfig
from antpipe.config.backbones.pretrained_encoder import PretrainedEncoderConfig
from antpipe.config.backbones.resnet import ResNetConfig
from antpipe.config.backbones.sizes import levels
from antpipe.config.backbones.unet import UNetConfig
from antpipe.config.base import Section

AnyBackbone = UNetConfig | LeapConfig | HourglassConfig | ResNetConfig | PretrainedEncoderConfig


class BackboneConfig(Section):
    """The backbone: exactly one; naming another takes the place of the UNet."""

    unet: UNetConfig | None = Field(default_factory=UNetConfig)
    """A UNet."""
    leap: LeapConfig | None = None
    """LEAP."""
    hourglass: HourglassConfig | None = None
    """Stacked hourglasses."""
    resnet: ResNetConfig | None = None
    """A ResNet."""
    pretrained_encoder: PretrainedEncoderConfig | None = None
    """A UNet around an encoder trained on ImageNet."""

    @model_validator(mode="before")
    @classmethod
    def _another(cls, value: Any) -> Any:
        """Leave the default UNet out where another backbone is named, even without a value."""
        others = set(cls.model_fields) - {"unet"}
        if isinstance(value, dict) and "unet" not in value and others & set(value):
            return {**value, "unet": None}
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        names = [name for name, backbone in self if backbone is not None]
        if len(names) != 1:
            raise ValueError(
                f"set exactly one backbone, got {names or 'none'}; choose one of {list(type(self).model_fields)}, "
                "and give it {} for its defaults"
            )
        return self

    @property
    def name(self) -> str:
        """Name of the chosen backbone."""
        return next(name for name, backbone in self if backbone is not None)

    @property
    def chosen(self) -> AnyBackbone:
        """Settings of the chosen backbone."""
        backbone: AnyBackbone = getattr(self, self.name)
        return backbone

    @property
    def max_stride(self) -> int:
        """The largest stride of the chosen backbone."""
        return self.chosen.max_stride

    def check_output_stride(self, stride: int) -> None:
        """Refuse a stride of the finest output that the backbone cannot have.

        Raises:
            ValueError: with the reason.
        """
        if stride > self.max_stride:
            raise ValueError(f"head.output_stride {stride} must not be above max_stride {self.max_stride}")
        self.chosen.check_output_stride(stride)

    def feature_strides(self, finest: int) -> tuple[int, ...]:
        """Return the strides to which heads can be attached when the decoder ends at stride `finest`."""
        if isinstance(self.chosen, ResNetConfig):
            return self.chosen.feature_strides(finest)
        return tuple(self.max_stride >> n for n in range(levels(self.max_stride // finest) + 1))

    def without_stored_weights(self) -> Self:
        """Return the same network without ImageNet weights: for trained models, which bring their own."""
        changes: dict[str, dict[str, Any]] = {
            "resnet": {"weights": "random", "weights_file": None},
            "pretrained_encoder": {"pretrained": False, "weights_file": None},
        }
        if self.name not in changes:
            return self
        return self.model_copy(update={self.name: self.chosen.model_copy(update=changes[self.name])})
