"""Results as plain values."""

from typing import Any

import numpy as np


def to_json(value: Any) -> Any:
    """Return a value with arrays as lists, NumPy's numbers as Python's, and NaN and infinity as None."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [to_json(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
