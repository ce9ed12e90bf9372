"""Frames in as many parts as the memory of the GPU asks for."""

from collections.abc import Callable, Sequence
from typing import Any

from antpipe.errors import ResourceError
from antpipe.inference.predictor import Found

Find = Callable[[Sequence[Any]], list[Found]]


def in_parts(find: Find, on_note: Callable[[str], None]) -> Find:
    """Return `find` of a predictor so that, where memory is full, it gets half as many frames at once, for good.

    Raises:
        ResourceError: if memory does not even hold one frame.
    """
    most: int | None = None

    def find_in_parts(frames: Sequence[Any]) -> list[Found]:
        nonlocal most
        found: list[Found] = []
        while len(found) < len(frames):
            part = frames[len(found) :][:most]
            try:
                found += find(part)
            except memory_errors() as error:
                if len(part) == 1:
                    raise ResourceError(
                        "memory does not hold the network and a single frame; lower predict.crop_batch_size, or train "
                        "with a lower input.scale"
                    ) from error
                most = len(part) // 2
                on_note(f"memory was full: {len(part)} frames at once became {most}")
        return found

    return find_in_parts


def memory_errors() -> tuple[type[Exception], ...]:
    """Return the errors by which the backend says that memory is full; none for backends where none was tried."""
    # Imported here, where it is loaded already: what only imports prediction needs no Keras.
    import keras

    if keras.backend.backend() != "tensorflow":
        return ()
    import tensorflow as tf

    return (tf.errors.ResourceExhaustedError,)
