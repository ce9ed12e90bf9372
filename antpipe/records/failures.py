"""What failed in a run, one line each."""

from pathlib import Path

from antpipe.records.heartbeat import read_heartbeats
from antpipe.records.life import is_alive, reason


def failures(results: str | Path, since_s: float) -> str:
    """Return the jobs that began after a moment (in seconds since 1970) and failed: name, cause and log of each.

    The empty text if there is none.
    """
    ended = [
        (heartbeat, changed_s)
        for heartbeat, changed_s in read_heartbeats(results)
        if heartbeat.started_s >= since_s and not is_alive(heartbeat, changed_s)
    ]
    if not ended:
        return ""
    many = len(ended) > 1
    lines = [f"{len(ended)} job{'s' * many} failed; all that does not need {'them' if many else 'it'} is done:"]
    for heartbeat, changed_s in ended:
        name = " ".join([heartbeat.rule, *heartbeat.wildcards.values()])
        lines += [f"  {name}: {reason(heartbeat, changed_s)}", f"    log: {heartbeat.log}"]
    return "\n".join(lines)
