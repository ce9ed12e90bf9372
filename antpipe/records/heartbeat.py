"""The heartbeat of a job: a small file that says how far it is, and, if it fails, why."""

import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from antpipe.errors import AntpipeError
from antpipe.gpu_use import GpuUse, gpu_now
from antpipe.progress import listen
from antpipe.records.process import process_start
from antpipe.records.task import HEARTBEATS, Task

BEAT_S = 2.0
"""Seconds from one heartbeat to the next, at the least, while there is progress."""
IDLE_S = 20.0
"""Seconds from one to the next while there is none."""


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """What a job says of itself."""

    rule: str
    wildcards: dict[str, str]
    log: str
    state: str
    """`running`, `failed`, or `stopped` from outside; a job that is done has no heartbeat."""
    host: str
    pid: int
    process_start: int | None
    """When the process began, in the units of its computer; None where that cannot be told."""
    started_s: float
    """When the job began, in seconds since 1970."""
    what: str = ""
    unit: str = ""
    done: int = 0
    total: int | None = None
    rate: float | None = None
    """Units per second since the first one."""
    gpu: GpuUse | None = None
    """What its GPU does; None where it has none, or nothing tells."""
    error: str | None = None


@contextlib.contextmanager
def beat(task: Task) -> Iterator[None]:
    """Keep the heartbeat of a job while the block runs; take it away when it ends well.

    A thread writes it, every two seconds at most, so that the work waits for no disk; a job that cannot write it says
    so once, and goes on with its work and with trying. When the block fails, the heartbeat stays and says why.
    """
    pulse = _Pulse(task)
    with listen(pulse.hear):
        pulse.start()
        try:
            yield
        except BaseException as error:
            pulse.end(state="failed" if isinstance(error, Exception) else "stopped", error=cause(error))
            raise
        pulse.end()


def cause(error: BaseException) -> str:
    """Return in one line why a job failed; an error that a user can mend speaks for itself."""
    text = " ".join(str(error).split())
    return text if isinstance(error, AntpipeError) else f"{type(error).__name__}: {text}"


class _Pulse:
    """The thread that writes a heartbeat."""

    def __init__(self, task: Task) -> None:
        self._path = task.file_in(HEARTBEATS)
        self._now = Heartbeat(
            rule=task.rule,
            wildcards=dict(task.wildcards),
            log=task.log,
            state="running",
            host=socket.gethostname(),
            pid=os.getpid(),
            process_start=process_start(os.getpid()),
            started_s=time.time(),
        )
        self._first: tuple[str, int, float] | None = None
        self._heard: tuple[str, str, int, int | None] | None = None
        self._told: tuple[str, str, int, int | None] | None = None
        self._complained = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._write(self._now)
        self._thread.start()

    def hear(self, what: str, unit: str, done: int, total: int | None) -> None:
        # No more than this in the way of the work.
        self._heard = what, unit, done, total

    def end(self, **changes: Any) -> None:
        self._over.set()
        self._thread.join()
        self._listen()
        if changes:
            self._write(replace(self._now, **changes))
        else:
            # Where it cannot be taken away, it cannot have been written.
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _run(self) -> None:
        written, since = self._now, 0.0
        while not self._over.wait(BEAT_S):
            self._listen()
            since += BEAT_S
            if self._now != written or since >= IDLE_S:
                self._write(self._now)
                written, since = self._now, 0.0

    def _listen(self) -> None:
        self._now = replace(self._now, gpu=gpu_now())
        if self._heard is None or self._heard == self._told:
            return
        self._told = what, unit, done, total = self._heard
        now = time.monotonic()
        if self._first is None or self._first[0] != what:
            self._first = what, done, now
        gone = now - self._first[2]
        rate = (done - self._first[1]) / gone if gone > 0 and done > self._first[1] else None
        self._now = replace(self._now, what=what, unit=unit, done=done, total=total, rate=rate)

    def _write(self, heartbeat: Heartbeat) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{heartbeat.pid}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(asdict(heartbeat), ensure_ascii=False), encoding="utf-8")
            # Not flushed to the disk: after a crash of the computer an old or an empty heartbeat does no harm.
            os.replace(temporary, self._path)
        except OSError as error:
            if not self._complained:
                print(f"{self._path}: no status is kept of this job ({error.strerror}); it goes on", file=sys.stderr)
            self._complained = True
