"""Settings of the random changes of training images."""

from typing import Self

from pydantic import model_validator

from antpipe.config.base import Count, NonNegative, Positive, Range, Section


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
    random_crop: tuple[Count, Count] | None = None
    """Width and height, in pixels after scaling, of a window that is cut anywhere from the frame and learned from in
    its place; made multiples of the maximum stride. Steps are faster and take less memory; whatever the network
    has to see must fit the window. Not for models of crops. SLEAP: 256 x 256, off."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("rotation", "scale", "translation", "uniform_noise", "contrast", "brightness"):
            value = getattr(self, name)
            if value is not None and value[0] > value[1]:
                raise ValueError(f"{name} must be [low, high], got {list(value)}")
        if self.scale is not None and self.scale[0] <= 0:
            raise ValueError(f"scale must be above 0, got {list(self.scale)}")
        return self
