"""Batches in as many parts as the memory of the GPU asks for."""

from collections.abc import Callable, Iterator

from antpipe.errors import ResourceError
from antpipe.inference.memory import memory_errors
from antpipe.training.batches import Batch
from antpipe.training.resume import Progress


def run_in_parts(
    run: Callable[[Batch], float], batch: Batch, progress: Progress, on_note: Callable[[str], None]
) -> Iterator[tuple[float, int]]:
    """Run a batch in parts of `progress.batch_size` samples; where memory is full, halve that for good and go on.

    The samples of a part that did not fit come again in smaller parts, those of earlier parts do not.

    Yields:
        What `run` gives for each part, and the number of samples in it.

    Raises:
        ResourceError: if memory does not even hold one sample.
    """
    images, truth = batch
    done = 0
    while done < len(images):
        part = slice(done, done + progress.batch_size)
        try:
            result = run((images[part], truth[part]))
        except memory_errors() as error:
            _halve(progress, len(images[part]), on_note, error)
            continue
        yield result, len(images[part])
        done = part.stop


def _halve(progress: Progress, samples: int, on_note: Callable[[str], None], error: Exception) -> None:
    if samples == 1:
        raise ResourceError(
            "memory does not hold the network and a single sample; lower input.scale, input.crop_size or the filters "
            "of the backbone, or set augmentation.random_crop"
        ) from error
    progress.batch_size = samples // 2
    note = f"memory was full in epoch {progress.epoch}: {samples} samples at once became {progress.batch_size}"
    progress.notes.append(note)
    on_note(note)
