"""The base of every section of config.yaml, and the kinds of values that sections share."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Range = tuple[float, float]

LONGEST_NAME = 200
"""Of a folder, in bytes: file systems take 255, and temporary names add to it."""


class Section(BaseModel):
    """A frozen section: unknown keys are errors, and a field's docstring is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


def is_power_of_two(value: int) -> bool:
    """Return whether the value is 1, 2, 4, 8, ..."""
    return value >= 1 and value & (value - 1) == 0


def check_path(path: str) -> str:
    """Return a path; refuse what no file system takes for one.

    Raises:
        ValueError: if it has control characters, or a name in it is too long.
    """
    if any(character < " " or character == "\x7f" for character in path):
        raise ValueError("expected a path, without control characters")
    if max(len(name.encode()) for name in re.split(r"[/\\]", path)) > LONGEST_NAME:
        raise ValueError(f"expected a path of names of at most {LONGEST_NAME} bytes")
    return path
