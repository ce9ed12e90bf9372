"""The base of every section of config.yaml, and the kinds of values that sections share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Range = tuple[float, float]


class Section(BaseModel):
    """A frozen section: unknown keys are errors, and a field's docstring is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


def is_power_of_two(value: int) -> bool:
    """Return whether the value is 1, 2, 4, 8, ..."""
    return value >= 1 and value & (value - 1) == 0
