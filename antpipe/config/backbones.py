"""Settings of the backbones; names, meanings and defaults are SLEAP's where a docstring does not say otherwise."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from antpipe.config.base import Count, Positive, Section, is_power_of_two

MOST_FILTERS = 16384
"""A layer with more has over two thousand million weights."""
ENCODERS = (
    *("vgg16", "vgg19", "resnet50", "resnet101", "resnet152", "inceptionv3", "inceptionresnetv2"),
    *("densenet121", "densenet169", "densenet201", "mobilenet", "mobilenetv2"),
    *(f"efficientnetb{size}" for size in range(8)),
)
"""Names of SLEAP's encoders that keras.applications serves."""
NOT_SERVED = {
    **dict.fromkeys(("resnet18", "resnet34"), "ResNets of fewer than 50 layers"),
    **dict.fromkeys(("resnext50", "resnext101"), "ResNeXts"),
    **dict.fromkeys(
        (*(f"seresnet{layers}" for layers in (18, 34, 50, 101, 152)), "seresnext50", "seresnext101", "senet154"),
        "squeeze-and-excitation ResNets",
    ),
}
"""Names of SLEAP's other encoders, and what of them keras.applications lacks."""


def levels(ratio: int) -> int:
    """Return how many times a stride doubles to become `ratio` times as large."""
    return ratio.bit_length() - 1


class UNetConfig(Section):
    """A UNet as in SLEAP: stem, encoder, middle block, decoder with skip connections."""

    stem_stride: Count | None = None
    """Stride reached by a stem of 7x7 convolutions before the encoder. None: no stem."""
    max_stride: Count = 16
    """Largest stride, a power of two; it sets how much of the image a point of the network sees."""
    filters: Count = 16
    """Filters of the first block. SLEAP: 64, its profiles 16 to 32."""
    filters_rate: Positive = 2.0
    """Factor by which filters grow with each block."""
    middle_block: bool = True
    """Two more convolutions at the largest stride."""
    up_interpolate: bool = False
    """True: bilinear upsampling; False: transposed convolutions, which are as fast and learn."""
    stacks: Count = 1
    """Number of UNets in a row, each with its own supervision; more than one needs output_stride = stem stride."""

    @model_validator(mode="after")
    def _strides(self) -> Self:
        _check_powers_of_two(self, "stem_stride", "max_stride")
        stem = self.stem_stride or 1
        if stem > self.max_stride:
            raise ValueError(f"stem_stride {self.stem_stride} must not be above max_stride {self.max_stride}")
        if stem == self.max_stride and not self.middle_block:
            raise ValueError(f"max_stride {stem} without middle_block leaves no layer; raise max_stride above {stem}")
        _check_widths(self.width, levels(self.max_stride) + self.middle_block)
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the image."""
        return int(self.filters * self.filters_rate**block)

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        _check_stacks("unet", self.stacks, stride, self.stem_stride or 1)


class LeapConfig(Section):
    """LEAP (Pereira et al. 2019): convolutions and pooling, then upsampling, without skip connections."""

    max_stride: Annotated[int, Field(ge=2)] = 8
    """Largest stride, a power of two; it sets how much of the image a point of the network sees."""
    filters: Count = 64
    """Filters of the first block."""
    filters_rate: Positive = 2.0
    """Factor by which filters grow with each block."""
    up_interpolate: bool = False
    """True: bilinear upsampling; False: transposed convolutions."""
    stacks: Count = 1
    """Number of networks in a row, each with its own supervision; more than one needs output_stride = 1."""

    @model_validator(mode="after")
    def _strides(self) -> Self:
        _check_powers_of_two(self, "max_stride")
        _check_widths(self.width, levels(self.max_stride) + 1)
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the image."""
        return int(self.filters * self.filters_rate**block)

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        _check_stacks("leap", self.stacks, stride, 1)


class HourglassConfig(Section):
    """Stacked hourglasses (Newell et al. 2016, 2017): each goes down and up again, and each is supervised."""

    stem_stride: Literal[1, 2, 4] = 4
    """Stride reached by the convolutions and the pooling before the first hourglass."""
    max_stride: Count = 64
    """Largest stride, a power of two above the stem's."""
    stem_filters: Count = 128
    """Filters of the first convolution; the second has twice as many."""
    filters: Count = 256
    """Filters at the stem's end and in the first block."""
    filter_increase: Annotated[int, Field(ge=0)] = 128
    """Filters that each further block has more than the one before."""
    stacks: Count = 3
    """Number of hourglasses in a row; more than one needs output_stride = stem stride."""

    @model_validator(mode="after")
    def _strides(self) -> Self:
        _check_powers_of_two(self, "max_stride")
        if self.max_stride <= self.stem_stride:
            raise ValueError(f"max_stride {self.max_stride} must be above stem_stride {self.stem_stride}")
        widest = max(2 * self.stem_filters, self.width(self.blocks - 1))
        if widest > MOST_FILTERS:
            raise ValueError(f"a layer would have {widest} filters; lower them to {MOST_FILTERS} at most")
        return self

    @property
    def blocks(self) -> int:
        """Number of blocks down in each hourglass."""
        return levels(self.max_stride // self.stem_stride)

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the stem."""
        return self.filters + block * self.filter_increase

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        _check_stacks("hourglass", self.stacks, stride, self.stem_stride)
        if stride < self.stem_stride:
            raise ValueError(
                f"head.output_stride {stride} must not be below backbone.hourglass.stem_stride {self.stem_stride}, "
                "where an hourglass ends"
            )


class UpsamplingConfig(Section):
    """A stack of upsampling blocks."""

    method: Literal["interpolation", "transposed_conv"] = "interpolation"
    """`interpolation`: bilinear; `transposed_conv`: learned."""
    skip_connections: Literal["add", "concatenate"] | None = None
    """How features of the encoder with the same stride come in. None: not."""
    block_stride: Annotated[int, Field(ge=2)] = 2
    """Factor of each block, a power of two."""
    filters: Count = 64
    """Filters of the first block."""
    filters_rate: Positive = 1.0
    """Factor by which filters grow with each block."""
    refine_convs: Annotated[int, Field(ge=0)] = 2
    """3x3 convolutions in each block, after upsampling and skip connection."""
    batch_norm: bool = True
    """Normalise over the batch after each convolution."""
    transposed_conv_kernel_size: Count = 4
    """Side of the transposed convolution's kernel, no smaller than block_stride."""

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        _check_powers_of_two(self, "block_stride")
        if self.method == "transposed_conv" and self.transposed_conv_kernel_size < self.block_stride:
            raise ValueError(
                f"transposed_conv_kernel_size {self.transposed_conv_kernel_size} must not be below block_stride "
                f"{self.block_stride}, else it leaves gaps"
            )
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the encoder."""
        return int(self.filters * self.filters_rate**block)


class ResNetConfig(Section):
    """A ResNet (He et al. 2016) as encoder, and a stack of upsampling blocks."""

    version: Literal["ResNet50", "ResNet101", "ResNet152"] = "ResNet50"
    """Number of layers."""
    weights: Literal["frozen", "tunable", "random"] = "frozen"
    """Weights of the encoder: `frozen`: trained on ImageNet and kept; `tunable`: trained on ImageNet, then on your
    labels; `random`: trained on your labels only."""
    weights_file: str | None = None
    """File of the ImageNet weights. None: the one in Keras' cache; nothing is downloaded during a run."""
    upsampling: UpsamplingConfig | None = Field(default_factory=UpsamplingConfig)
    """Upsampling to the head's stride. None, SLEAP's default: the head needs output_stride = max_stride."""
    max_stride: Literal[1, 2, 4, 8, 16, 32] = 32
    """Largest stride; below 32, the layers that would go further are dilated, so that they see as much."""

    @model_validator(mode="after")
    def _weights(self) -> Self:
        if self.weights == "random" and self.weights_file is not None:
            raise ValueError("weights_file has no use with weights: random; choose frozen or tunable")
        return self

    def feature_strides(self, finest: int) -> tuple[int, ...]:
        """Return the strides of the features, from the largest down to `finest`."""
        step = levels(self.upsampling.block_stride) if self.upsampling is not None else levels(self.max_stride) + 1
        return tuple(self.max_stride >> n for n in range(0, levels(self.max_stride // finest) + 1, step))

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        reached = self.feature_strides(stride)
        if stride not in reached:
            way_out = "change upsampling.block_stride" if self.upsampling is not None else "set upsampling"
            raise ValueError(f"backbone.resnet has features of stride {list(reached)} only; {way_out}, got {stride}")
        if self.upsampling is not None:
            _check_widths(self.upsampling.width, len(reached) - 1)


class PretrainedEncoderConfig(Section):
    """A network trained on ImageNet as encoder, and a UNet's decoder."""

    max_stride: ClassVar[int] = 32

    encoder: Annotated[str, Field(json_schema_extra={"enum": list(ENCODERS)})] = "efficientnetb0"
    """Name of the encoder: one of SLEAP's that keras.applications serves."""
    pretrained: bool = True
    """Start from weights trained on ImageNet; otherwise from random ones."""
    weights_file: str | None = None
    """File of the ImageNet weights. None: the one in Keras' cache; nothing is downloaded during a run."""
    decoder_filters: Count = 256
    """Filters of the decoder's first block."""
    decoder_filters_rate: Positive = 1.0
    """Factor by which filters grow with each block."""
    decoder_batchnorm: bool = True
    """Normalise over the batch after each convolution of the decoder. SLEAP always does."""

    @field_validator("encoder")
    @classmethod
    def _served(cls, encoder: str) -> str:
        if encoder in ENCODERS:
            return encoder
        what = f"keras.applications has no {NOT_SERVED[encoder]}" if encoder in NOT_SERVED else "unknown encoder"
        raise ValueError(f"{what}; choose one of {list(ENCODERS)}, got {encoder!r}")

    @model_validator(mode="after")
    def _weights(self) -> Self:
        if self.weights_file is not None and not self.pretrained:
            raise ValueError("weights_file has no use with pretrained: false; leave one of them out")
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the encoder."""
        return int(self.decoder_filters * self.decoder_filters_rate**block)

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        _check_widths(self.width, levels(self.max_stride // stride))


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


def _check_powers_of_two(section: Section, *names: str) -> None:
    for name in names:
        value = getattr(section, name)
        if value is not None and not is_power_of_two(value):
            raise ValueError(f"{name} must be a power of two, got {value}")


def _check_stacks(name: str, stacks: int, stride: int, stem: int) -> None:
    if stacks > 1 and stride != stem:
        raise ValueError(f"backbone.{name}.stacks {stacks} needs head.output_stride {stem} (the stem's), got {stride}")


def _check_widths(width: Callable[[int], int], blocks: int) -> None:
    for block in range(blocks):
        try:
            filters = width(block)
        except OverflowError:
            filters = MOST_FILTERS + 1
        if not 1 <= filters <= MOST_FILTERS:
            few = "no filter" if filters < 1 else f"more than {MOST_FILTERS} filters"
            raise ValueError(f"block {block} would have {few}; change the number of filters or its rate")
