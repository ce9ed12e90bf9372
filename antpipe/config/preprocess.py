"""Settings of the cutting, scaling and encoding of raw videos."""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from antpipe.config.base import Section


def _pixels_or_fraction(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected pixels such as 960, or a fraction of the frame such as 0.5")
    if value < 0:
        raise ValueError("must not be negative; count pixels from the left and the top")
    if isinstance(value, float) and value > 1:
        raise ValueError("a number with a point is a fraction from 0.0 to 1.0; write pixels without a point")
    return value


Length = Annotated[int | float, BeforeValidator(_pixels_or_fraction)]


class PreprocessConfig(Section):
    """How a raw video becomes one that every program decodes to the same frames. Audio is always dropped."""

    crop: tuple[Length, Length, Length, Length] | None = None
    """The part of the picture to keep: [width, height, x, y], x and y of its top left corner. A whole number is
    pixels, a number with a point is a fraction of the frame's width (width, x) or height (height, y), rounded down to
    pixels: 1 is one pixel, 1.0 is all. [0.5, 0.5, 0.0, 0.25] keeps a quarter: left, middle of the height."""
    scale: Annotated[float, Field(gt=0, le=16)] = 1.0
    """Factor on width and height, after the crop. An odd result loses its last column or row, as H.264 needs."""
    grayscale: bool = False
    """Drop the colours; the brightness stays as it is."""
    fps: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Constant frames per second, by repeating or dropping frames. null: as the raw video, frame for frame; a raw
    video of variable rate gets its average rate, so that frame number and time agree."""
    start: Annotated[float, Field(ge=0)] | None = None
    """First moment to keep, in seconds from the first frame."""
    end: Annotated[float, Field(gt=0)] | None = None
    """End of what is kept, in seconds from the first frame; a frame at this very moment is left out."""
    codec: Literal["libx264"] = "libx264"
    """Encoder."""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"] = (
        "superfast"
    )
    """Trade of encoding time for file size; medium halves the size of superfast for 1.4 times the time."""
    crf: Annotated[int, Field(ge=0, le=51)] = 23
    """Quality: 0 is lossless, 18 looks like the raw video, 23 is x264's default, more is smaller and worse."""
    keyframe_interval: Annotated[int, Field(ge=1, le=1000)] = 25
    """Frames from one key frame to the next; fewer makes jumping faster and the file larger."""
    pixel_format: Literal["yuv420p"] = "yuv420p"
    """How pixels are stored; yuv420p is what every player reads."""

    @field_validator("crop", mode="before")
    @classmethod
    def _four_numbers(cls, crop: Any) -> Any:
        if crop is not None and not (isinstance(crop, list | tuple) and len(crop) == 4):
            raise ValueError("expected four numbers [width, height, x, y]")
        return crop

    @field_validator("crop")
    @classmethod
    def _keeps_something(cls, crop: tuple[int | float, ...] | None) -> tuple[int | float, ...] | None:
        if crop is not None and not (crop[0] > 0 and crop[1] > 0):
            raise ValueError("width and height, the first two numbers, must be above 0")
        return crop

    @model_validator(mode="after")
    def _ends_after_start(self) -> "PreprocessConfig":
        if self.end is not None and self.end <= (self.start or 0.0):
            raise ValueError(f"end must be after start = {self.start or 0.0:g} s, got {self.end:g} s")
        return self


def crop_box(crop: tuple[int | float, ...], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a crop [width, height, x, y] in pixels of a frame of `size` (width, height)."""
    sides = (size[0], size[1], size[0], size[1])
    # The epsilon keeps 0.1 * 30 = 3.0000000000000004 and 0.7 * 10 = 6.999999999999999 at what was meant.
    pixels = (n if isinstance(n, int) else math.floor(n * s + 1e-6) for n, s in zip(crop, sides, strict=True))
    width, height, x, y = pixels
    return width, height, x, y
