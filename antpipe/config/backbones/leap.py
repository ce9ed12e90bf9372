"""Settings of LEAP, as in SLEAP."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from antpipe.config.backbones.sizes import check_powers_of_two, check_stacks, check_widths, levels
from antpipe.config.base import Count, Positive, Section


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
        check_powers_of_two(self, "max_stride")
        check_widths(self.width, levels(self.max_stride) + 1)
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the image."""
        return int(self.filters * self.filters_rate**block)

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        check_stacks("leap", self.stacks, stride, 1)
