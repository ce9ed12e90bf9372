"""Progress of long work: a bar on a terminal, a heartbeat line in a log; and to whoever listens."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from antpipe.gpu_use import gpu_now, gpu_words

HEARTBEAT_S = 10.0

Advance = Callable[[int, int | None], None]
"""Called with (done, total); total is None where it is not known."""
Listener = Callable[[str, str, int, int | None], None]
"""Called with (what is done, unit, done, total)."""

_listeners: list[Listener] = []


@contextlib.contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Tell `listener` of all progress within the block, as often as it is made."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextlib.contextmanager
def show_progress(what: str, unit: str = "frames") -> Iterator[Advance]:
    """Yield a function to call with (done, total) as often as one likes.

    On a terminal it moves a bar; elsewhere it writes a line every ten seconds: done, rate, time left, and what
    the GPU does.
    """
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(what)
            yield _telling(what, unit, lambda done, total: bar.update(task, completed=done, total=total))
    else:
        yield _telling(what, unit, _heartbeat(what, unit))


def _telling(what: str, unit: str, show: Advance) -> Advance:
    def advance(done: int, total: int | None) -> None:
        show(done, total)
        for listener in _listeners:
            listener(what, unit, done, total)

    return advance


def _heartbeat(what: str, unit: str) -> Advance:
    last = time.monotonic()
    first: tuple[int, float] | None = None

    def advance(done: int, total: int | None) -> None:
        nonlocal first, last
        now = time.monotonic()
        # What was done before a job was killed and started again says nothing of its speed.
        first = first or (done, now)
        if now - last < HEARTBEAT_S or done <= first[0]:
            return
        last = now
        rate = (done - first[0]) / (now - first[1])
        left = f", {duration((total - done) / rate)} left" if total is not None else ""
        of = f" of {total}" if total is not None else ""
        use = gpu_now()
        gpu = f", GPU {gpu_words(use)}" if use else ""
        print(f"{what}: {done}{of} {unit}, {rate:.1f} {unit}/s{left}{gpu}", file=sys.stderr, flush=True)

    return advance


def duration(seconds: float) -> str:
    """Return seconds as hours:minutes:seconds."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
