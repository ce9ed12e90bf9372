"""Whether a job of which there is a heartbeat still lives, and why it ended."""

import socket

from antpipe.progress import duration
from antpipe.records.heartbeat import IDLE_S, Heartbeat
from antpipe.records.process import is_running

LOST_S = 6 * IDLE_S
"""A job on another computer is taken for dead when so much time has gone since its last heartbeat."""


def is_alive(heartbeat: Heartbeat, silent_s: float) -> bool:
    """Return whether a job still runs.

    Args:
        heartbeat: what the job said of itself.
        silent_s: the seconds since then.
    """
    if heartbeat.state != "running":
        return False
    if heartbeat.host == socket.gethostname():
        return is_running(heartbeat.pid, heartbeat.process_start)
    return silent_s < LOST_S


def reason(heartbeat: Heartbeat, silent_s: float) -> str:
    """Return in one line why a job that does not run any more ended, without a result."""
    if heartbeat.state == "failed":
        return heartbeat.error or ""
    if heartbeat.state == "stopped":
        return "stopped from outside; run the same command again to go on"
    if heartbeat.host == socket.gethostname():
        return "its process is gone without a word: killed, out of memory, or the power went"
    silent = duration(silent_s)
    return f"not heard of for {silent} on {heartbeat.host}: killed, out of memory or of time, or the network is slow"
