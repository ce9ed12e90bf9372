"""Getting TensorFlow ready, quietly, with one GPU at most; comes before the first import of Keras."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from antpipe.resources import take_gpu_slot


def start_backend() -> str:
    """Take a GPU slot, import Keras and its backend, and return in words what the network will run on.

    The start-up lines that TensorFlow writes to stderr past all its settings are dropped, unless it fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    gpu = take_gpu_slot()
    with _quiet_stderr():
        import keras

        keras.ops.zeros(1)
    return f"GPU {gpu}" if gpu is not None else "the processor (no GPU found)"


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
