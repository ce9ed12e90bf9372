"""Heartbeats that are there, and for how long each has been silent."""

import errno
import json
import os
import tempfile
import time
from pathlib import Path

from antpipe.records.heartbeat import Heartbeat
from antpipe.records.task import HEARTBEATS


def read_heartbeats(results: str | Path) -> list[tuple[Heartbeat, float]]:
    """Return the heartbeats below a folder of results, each with the seconds since it was last written."""
    found = []
    for path in sorted(Path(results, HEARTBEATS).rglob("[!.]*.json")):
        try:
            found.append((Heartbeat(**json.loads(path.read_text(encoding="utf-8"))), path.stat().st_mtime))
        except (ValueError, TypeError):
            continue
        except OSError as error:
            # The job may end, and take it away, while we look; a network file system calls that stale.
            if error.errno not in (errno.ENOENT, errno.ESTALE):
                raise
    now = time_of_files(Path(results, HEARTBEATS)) if found else 0.0
    return [(heartbeat, now - written_s) for heartbeat, written_s in found]


def time_of_files(folder: Path) -> float:
    """Return the time by the clock that dates the files of a folder, in seconds since 1970.

    On a cluster that is the clock of the file server, and neither that of the computer where a job runs nor ours.
    Where we may not write, it is ours.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            return os.fstat(probe.fileno()).st_mtime
    except OSError:
        return time.time()
