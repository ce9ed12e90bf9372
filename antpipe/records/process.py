"""Whether a process of this computer still runs."""

import os
from pathlib import Path


def process_start(pid: int) -> int | None:
    """Return when a process began, in clock ticks since the computer's start; None where nothing tells.

    Numbers of processes are used again; together with this one they are not.
    """
    fields = _fields(pid)
    return int(fields[19]) if fields else None


def is_running(pid: int, start: int | None) -> bool:
    """Return whether the process that had this number when it began at `start` still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    fields = _fields(pid)
    # A zombie is over; only its parent has not looked yet.
    return not fields or (fields[0] != "Z" and start in (None, int(fields[19])))


def _fields(pid: int) -> list[str]:
    """Return what Linux tells of a process, from its state on; nothing on other systems."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    # The field before is the program's name, in brackets, and may hold anything.
    return text.rpartition(")")[2].split()
