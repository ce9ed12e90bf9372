"""Results as plain values."""

from typing import Any

import numpy as np


def to_json(value: Any) -> Any:
    """Return a value with arrays as lists, NumPy's numbers as Python's, and NaN and infinity as None."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        # At once, not one by one: SLEAP's metrics hold nodes * 10 values for every animal.
        finite = np.isfinite(value)
        return (value if finite.all() else np.where(finite, value.astype(object), np.array(None))).tolist()
    if isinstance(value, list | tuple | np.ndarray):
        return [to_json(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
