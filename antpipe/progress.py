"""Progress of long work: a bar on a terminal, a heartbeat line in a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

HEARTBEAT_S = 10.0

Advance = Callable[[int, int | None], None]
"""Called with (done, total); total is None where it is not known."""


@contextlib.contextmanager
def show_progress(what: str, unit: str = "frames") -> Iterator[Advance]:
    """Yield a function to call with (done, total) as often as one likes.

    On a terminal it moves a bar; elsewhere it writes a line every ten seconds: done, rate, time left.
    """
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(what)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    else:
        yield _heartbeat(what, unit)


def _heartbeat(what: str, unit: str) -> Advance:
    start = last = time.monotonic()

    def advance(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < HEARTBEAT_S or done == 0:
            return
        last = now
        rate = done / (now - start)
        left = f", {_duration((total - done) / rate)} left" if total is not None and rate > 0 else ""
        of = f" of {total}" if total is not None else ""
        print(f"{what}: {done}{of} {unit}, {rate:.1f} {unit}/s{left}", file=sys.stderr, flush=True)

    return advance


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
