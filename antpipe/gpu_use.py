"""How busy and how full the GPU of this process is, as `nvidia-smi` tells."""

import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TypedDict

WATCH_S = 5.0
"""Seconds from one question to the next."""
LIMIT_S = 10.0
"""A driver that has not answered by then is not waited for."""


class GpuUse(TypedDict):
    """What a GPU does at a moment, other processes on it included."""

    percent: int
    """In how much of the last moment something ran on it."""
    memory_mib: int
    total_mib: int


@dataclass
class _Watch:
    """What was seen so far of the GPU of this process."""

    now: GpuUse | None = None
    percents: list[int] = field(default_factory=list)
    most: GpuUse | None = None
    """The moment when its memory was fullest."""


_watch = _Watch()


def ask_gpu(gpu: str) -> GpuUse | None:
    """Return what a GPU does, named by its number or UUID; None where there is no `nvidia-smi`, or none that tells."""
    query = ["--query-gpu=utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            ["nvidia-smi", *query, "-i", gpu], capture_output=True, text=True, timeout=LIMIT_S, check=True
        )
        percent, memory, total = map(int, answer.stdout.split(","))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return GpuUse(percent=percent, memory_mib=memory, total_mib=total)


def watch_gpu(gpu: str) -> None:
    """Ask what a GPU does every five seconds from now on, in a thread of its own, so that no work waits for it.

    Where the first question has no answer, none is asked again.
    """
    global _watch
    _watch = _Watch()
    threading.Thread(target=_ask_on, args=(gpu, _watch), name="gpu", daemon=True).start()


def gpu_now() -> GpuUse | None:
    """Return what the GPU of this process last did; None where it has none, or nothing tells."""
    return _watch.now


def gpu_words(use: GpuUse) -> str:
    """Return what a GPU does as a person reads it: `87 %, 12.1 of 79.6 GiB`."""
    return f"{use['percent']} %, {use['memory_mib'] / 1024:.1f} of {use['total_mib'] / 1024:.1f} GiB"


def gpu_summary() -> str:
    """Return in words how busy the GPU was since it is watched, on average; empty where nothing told."""
    if _watch.most is None:
        return ""
    mean = round(sum(_watch.percents) / len(_watch.percents))
    return f"GPU on average and at most: {gpu_words({**_watch.most, 'percent': mean})}"


def _ask_on(gpu: str, watch: _Watch) -> None:
    while watch is _watch:
        watch.now = ask_gpu(gpu)
        if watch.now is not None:
            watch.percents.append(watch.now["percent"])
            watch.most = max(watch.most or watch.now, watch.now, key=lambda use: use["memory_mib"])
        elif watch.most is None:
            return
        time.sleep(WATCH_S)
