"""Settings of the UNet; names, meanings and defaults are SLEAP's where a docstring does not say otherwise."""

from typing import Self

from pydantic import model_validator

from antpipe.config.backbones.sizes import check_powers_of_two, check_stacks, check_widths, levels
from antpipe.config.base import Count, Positive, Section


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
        check_powers_of_two(self, "stem_stride", "max_stride")
        stem = self.stem_stride or 1
        if stem > self.max_stride:
            raise ValueError(f"stem_stride {self.stem_stride} must not be above max_stride {self.max_stride}")
        if stem == self.max_stride and not self.middle_block:
            raise ValueError(f"max_stride {stem} without middle_block leaves no layer; raise max_stride above {stem}")
        check_widths(self.width, levels(self.max_stride) + self.middle_block)
        return self

    def width(self, block: int) -> int:
        """Return the number of filters of a block, counted from the image."""
        return int(self.filters * self.filters_rate**block)

    def check_output_stride(self, stride: int) -> None:
        """Refuse what cannot be built with an output of this stride."""
        check_stacks("unet", self.stacks, stride, self.stem_stride or 1)
