"""Settings of the simulated videos."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from antpipe.config.base import Section

SMALLEST_SIDE = 2.0
"""Shortest side of a video in body lengths: less leaves an ant no room to turn."""


class SimulateConfig(Section):
    """How videos of ants are drawn, with exact labels."""

    videos: Annotated[int, Field(ge=1, le=999)] = 2
    """Number of videos; each is another film."""
    ants: Annotated[int, Field(ge=1, le=999)] = 6
    """Ants per video."""
    frames: Annotated[int, Field(ge=1)] = 150
    """Frames per video."""
    width: Annotated[int, Field(ge=16)] = 640
    """Width in pixels, even."""
    height: Annotated[int, Field(ge=16)] = 480
    """Height in pixels, even."""
    fps: Annotated[float, Field(ge=1, le=1000)] = 24.0
    """Frames per second."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Same seed, same files; another seed, other films."""
    difficulty: Literal["easy", "hard"] = "easy"
    """`easy`: ants keep apart, sharp picture. `hard`: they crowd and climb over each other, among debris, in a dim,
    blurred and noisy picture."""
    body_length: Annotated[float, Field(ge=12, le=400)] = 60.0
    """Median length of an ant from head to abdomen, in pixels; 90 % of the ants lie within 25 % of it."""
    labelled_frames: Annotated[int, Field(ge=1)] = 20
    """Frames per video in labels.slp, evenly spread; all frames where a video has fewer."""

    @field_validator("width", "height")
    @classmethod
    def _even(cls, side: int) -> int:
        if side % 2:
            raise ValueError(f"must be even, as H.264 video needs it (use {side + 1})")
        return side

    @model_validator(mode="after")
    def _room_for_ants(self) -> "SimulateConfig":
        needed = SMALLEST_SIDE * self.body_length
        if min(self.width, self.height) < needed:
            raise ValueError(
                f"a video of {self.width}x{self.height} has no room for ants with a body_length of "
                f"{self.body_length:g}: make both sides at least {needed:g} pixels or lower body_length"
            )
        return self
