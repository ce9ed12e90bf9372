"""Getting TensorFlow ready, quietly, with one GPU at most; comes before the first import of Keras."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Literal

from antpipe.gpu_use import watch_gpu
from antpipe.resources import take_gpu_slot

NOT_NEEDED = ("matplotlib", "pandas")
"""Keras imports these if they are there, and uses them for nothing that we do: 60 MB and a second of the start."""
Work = Literal["train", "predict"]


def start_backend(work: Work) -> str:
    """Take a GPU slot, import Keras and its backend, and return in words what the network will run on.

    A prediction gives each core batches of its own, and so keeps every step of the network on one core: to share the
    small steps of a network among cores costs time (on two cores the networks alone are 1.1 to 1.9 times as fast so).

    The start-up lines that TensorFlow writes to stderr past all its settings are dropped, unless it fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    gpu = take_gpu_slot()
    if work == "predict":
        os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    with _quiet_stderr(), _hidden(NOT_NEEDED):
        import keras

        keras.ops.zeros(1)
    if gpu is None:
        return "the processor (no GPU found)"
    if not _has_gpu():
        return f"the processor: GPU {gpu} is there, but TensorFlow cannot use it (`antpipe check` says more)"
    watch_gpu(gpu)
    return f"GPU {gpu}"


def _has_gpu() -> bool:
    """Return whether the backend will use a GPU; it says nothing if the driver or a library is missing."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return True
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


@contextlib.contextmanager
def _hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """Let imports of packages that are not loaded yet fail, for a while."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None means: cannot be imported
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept, os.fdopen(os.dup(2), "wb") as original:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            original.write(kept.read())
            raise
        finally:
            os.dup2(original.fileno(), 2)
