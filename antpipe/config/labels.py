"""How label files are merged, and how labelled frames are split for training."""

import math
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from antpipe.config.base import Section

OnConflict = Literal["error", "keep-first", "keep-last", "keep-both"]
SplitBy = Literal["block", "frame", "video"]
NodeMap = dict[str, dict[str, str | None]]

CONFLICT_POLICIES: tuple[str, ...] = get_args(OnConflict)
SPLIT_WAYS: tuple[str, ...] = get_args(SplitBy)


class MergeConfig(Section):
    """How label files become one."""

    on_conflict: OnConflict = "error"
    """What to do with a frame that two files label differently. error: stop and name the frames; keep-first or
    keep-last: take the instances of the earlier or later file; keep-both: take all of both."""
    map_nodes: NodeMap = Field(default_factory=dict)
    """Nodes to rename, per label file: `{file name: {node in the file: node in the result}}`. A node mapped to null
    is left out."""
    search: list[str] = Field(default_factory=list)
    """Folders in which to look for videos whose path in a label file leads nowhere, because it is that of another
    computer. The first folder counts that holds the path's last parts, or the file name alone."""
    prefixes: dict[str, str] = Field(default_factory=dict)
    """Beginnings of video paths in label files, each with what stands there on this computer:
    `{"D:/films": "data/films"}`. A whole path renames a single video."""


class SplitConfig(Section):
    """How labelled frames are divided into training, validation and test."""

    by: SplitBy = "block"
    """What stays together. block: runs of labelled frames in time, cut from every video, with `min_gap` frames
    between training and the rest; video: whole videos; frame: nothing, for frames that are far apart."""
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2)
    """Shares of training, validation and test; they add up to 1. Test may be 0."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """Number of folds of a cross-validation. The test part is the same in all; the other frames are each
    validation in exactly one fold. None: a single split."""
    seed: int = 0
    """Start of the random numbers; the same seed gives the same split."""
    block_frames: Annotated[int, Field(ge=1)] | None = None
    """Labelled frames per block. None: as long as possible, one run per part and video."""
    min_gap: Annotated[int, Field(ge=0)] = 5
    """Fewest frames of a video from a training frame to the nearest one of validation or test, with by: block.
    Training frames that are nearer are near-duplicates and left out; if these were more than a quarter, the gap
    shrinks until they are not. 0: none are left out."""
    max_frames: Annotated[int, Field(ge=2)] | None = None
    """Most frames in training and validation together, spread over time at random; the frames left out are not used.
    For films that are labelled far more densely than training needs. None: all."""

    @field_validator("fractions")
    @classmethod
    def _shares(cls, fractions: tuple[float, float, float]) -> tuple[float, float, float]:
        check_fractions(fractions)
        return fractions

    @model_validator(mode="after")
    def _block(self) -> Self:
        if self.block_frames is not None and self.by != "block":
            raise ValueError(f"block_frames is only for by: block, got by: {self.by}")
        return self


def check_fractions(fractions: tuple[float, ...]) -> None:
    """Refuse shares of training, validation and test that cannot be used.

    Raises:
        ValueError: unless there are three that add up to 1, the first two above 0 and the third not below.
    """
    if len(fractions) != 3 or not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(f"fractions must be three numbers that add up to 1, got {list(fractions)}")
    if min(fractions[:2]) <= 0 or fractions[2] < 0:
        raise ValueError(f"fractions: training and validation must be above 0, test not below, got {list(fractions)}")
