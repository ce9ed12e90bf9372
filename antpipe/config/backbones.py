"""Settings of the backbones; names and meanings are SLEAP's."""

from typing import Self

from pydantic import Field, model_validator

from antpipe.config.base import Count, Positive, Section, is_power_of_two


class UNetConfig(Section):
    """A UNet as in SLEAP: stem, encoder, middle block, decoder with skip connections."""

    stem_stride: Count | None = None
    """Stride reached by a stem of 7x7 convolutions before the encoder. None: no stem."""
    max_stride: Count = 16
    """Largest stride, a power of two; it sets how much of the image a point of the network sees."""
    filters: Count = 16
    """Filters of the first block."""
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
        for name in ("stem_stride", "max_stride"):
            value = getattr(self, name)
            if value is not None and not is_power_of_two(value):
                raise ValueError(f"{name} must be a power of two, got {value}")
        if (self.stem_stride or 1) > self.max_stride:
            raise ValueError(f"stem_stride {self.stem_stride} must not be above max_stride {self.max_stride}")
        return self


class BackboneConfig(Section):
    """The backbone: exactly one."""

    unet: UNetConfig | None = Field(default_factory=UNetConfig)
    """A UNet."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.unet is None:
            raise ValueError("set exactly one backbone, got none; choose one of ['unet']")
        return self

    @property
    def max_stride(self) -> int:
        """The largest stride of the chosen backbone."""
        return self.unet.max_stride if self.unet is not None else 1
