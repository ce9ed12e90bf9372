"""Work ahead: run an iterator in a thread of its own."""

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Any, TypeVar

STOP_CHECK_S = 0.1

T = TypeVar("T")


class _End:
    """The last thing in the queue: the iterator is done, or failed with an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetch(iterator: Iterable[T], depth: int) -> Iterator[T]:
    """Yield the items of an iterator, in order, while a thread makes up to `depth` of them ahead.

    The thread starts with the first item asked for. An error of the iterator is raised here after the items before
    it. When the consumer stops early, the thread stops and closes the iterator before this generator's end.
    """
    if depth < 1:
        raise ValueError(f"expected to work at least 1 item ahead, got {depth}")
    return _consume(iterator, queue.Queue(depth), threading.Event())


def _consume(iterator: Iterable[T], items: "queue.Queue[Any]", stop: threading.Event) -> Iterator[T]:
    # A daemon, so that a consumer that is never closed does not keep the program alive.
    thread = threading.Thread(target=_produce, args=(iterator, items, stop), name="prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join()


def _produce(iterator: Iterable[Any], items: "queue.Queue[Any]", stop: threading.Event) -> None:
    end = _End(None)
    try:
        for item in iterator:
            if not _put(items, item, stop):
                break
        if isinstance(iterator, Generator):
            iterator.close()  # in the thread that ran it, so that its files are closed now
    except BaseException as error:  # whatever it is, the consumer has to see it
        end = _End(error)
    _put(items, end, stop)


def _put(items: "queue.Queue[Any]", item: Any, stop: threading.Event) -> bool:
    """Put the item as soon as there is room; return False where the consumer stopped."""
    while not stop.is_set():
        try:
            items.put(item, timeout=STOP_CHECK_S)
        except queue.Full:
            continue
        return True
    return False
