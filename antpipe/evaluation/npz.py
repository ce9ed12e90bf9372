"""SLEAP's `metrics.*.npz`, read without SLEAP and without running what is in them.

The file is one pickled dictionary. Unpickling calls whatever the file names, so this reader knows five names,
answers each with a plain class of its own, and refuses all others.
"""

import lzma
import math
import pickle
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.errors import ModelError, reason

KINDS = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
# What zipfile, its decompressors, numpy's header parser and pickle raise for a file that is cut short or crafted.
UNREADABLE = (
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    ArithmeticError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    pickle.UnpicklingError,
)


def read_metrics(path: str | Path) -> dict[str, Any]:
    """Return the entries of a `metrics.*.npz` file as numbers, arrays and lists.

    Raises:
        ModelError: if the file is missing, damaged, or holds anything but numbers, texts, lists and arrays.
    """
    if not Path(path).is_file():
        raise ModelError(f"{path}: metrics file not found; evaluate the model first")
    try:
        with zipfile.ZipFile(path) as archive, archive.open("metrics.npy") as file:
            content = _load(file)
    except UNREADABLE as error:
        raise ModelError(
            f"{path}: expected metrics as SLEAP writes them, but the file cannot be read safely ({reason(error)}); "
            "evaluate the model again"
        ) from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: expected a dictionary of metrics, got {type(content).__name__}")
    return content


def _load(file: Any) -> Any:
    major, _ = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if shape != () or not dtype.hasobject:
        raise ValueError(f"one pickled object expected, got an array of shape {shape} and type {dtype}")
    return _plain(_Unpickler(file).load())


class _Unpickler(pickle.Unpickler):
    """Unpickles arrays and numbers of NumPy into stand-ins, and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("multiarray", "_reconstruct"): _Array,
            ("multiarray", "scalar"): _Number,
            ("numpy", "ndarray"): None,
            ("numpy", "dtype"): _Dtype,
            # SLEAP's recarray, which its visibility counts happen to be.
            ("sleap.instance", "PointArray"): None,
        }
        module = {"numpy.core.multiarray": "multiarray", "numpy._core.multiarray": "multiarray"}.get(module, module)
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return known[module, name]


class _Dtype:
    """Stands in for `numpy.dtype`: a number type of NumPy, or objects."""

    def __init__(self, code: str, *_: object) -> None:
        if code != "O8" and code not in KINDS:
            raise ValueError(f"unknown number type {code!r}")
        self.code = code
        self.order = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = {"<": "<", ">": ">"}.get(state[1], "|")


class _Array:
    """Stands in for an array until its content is known."""

    def __init__(self, *_: object) -> None:
        self.value: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, content = state
        if dtype.code == "O8":
            if shape != ():
                raise ValueError(f"array of objects of shape {shape}")
            (self.value,) = content
            return
        numbers = np.frombuffer(content, dtype.order + dtype.code)
        if len(numbers) != math.prod(shape):
            raise ValueError(f"{len(numbers)} numbers for an array of shape {shape}")
        self.value = numbers.reshape(shape, order="F" if fortran else "C")


class _Number:
    """Stands in for a single number of NumPy."""

    def __init__(self, dtype: _Dtype, content: bytes) -> None:
        self.value = np.frombuffer(content, dtype.order + dtype.code, count=1)[0]

    def __setstate__(self, _: object) -> None:
        raise ValueError("a number has no state")


def _plain(value: Any) -> Any:
    if isinstance(value, _Array | _Number):
        return _plain(value.value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray) and value.shape == ():
        return value.item()
    if value is None or isinstance(value, str | int | float | np.generic | np.ndarray):
        return value
    raise ValueError(f"unexpected {type(value).__name__}")
