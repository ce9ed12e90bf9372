"""Settings of the ResNet and of the upsampling after it; names and meanings are SLEAP's."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from antpipe.config.backbones.sizes import check_powers_of_two, check_widths, levels
from antpipe.config.base import Count, Positive, Section


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
        check_powers_of_two(self, "block_stride")
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
            check_widths(self.upsampling.width, len(reached) - 1)
