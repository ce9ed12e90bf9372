"""Settings of the stacked hourglasses, as in SLEAP."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from antpipe.config.backbones.sizes import MOST_FILTERS, check_powers_of_two, check_stacks, levels
from antpipe.config.base import Count, Section


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
        check_powers_of_two(self, "max_stride")
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
        check_stacks("hourglass", self.stacks, stride, self.stem_stride)
        if stride < self.stem_stride:
            raise ValueError(
                f"head.output_stride {stride} must not be below backbone.hourglass.stem_stride {self.stem_stride}, "
                "where an hourglass ends"
            )
