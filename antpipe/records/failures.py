"""What failed in a run, one line each."""

from pathlib import Path

from antpipe.records.life import is_alive, reason
from antpipe.records.plan import PLAN
from antpipe.records.silence import read_heartbeats, time_of_files


def failures(results: str | Path) -> str:
    """Return the jobs that failed since the plan of the run was written: name, cause and log of each.

    The empty text if there is none. The dates of files tell, because the clocks of a cluster's computers may differ.
    """
    plan, heartbeats = Path(results, PLAN), read_heartbeats(results)
    since_s = time_of_files(plan.parent) - plan.stat().st_mtime if plan.is_file() else float("inf")
    ended = [(beat, silent_s) for beat, silent_s in heartbeats if silent_s <= since_s and not is_alive(beat, silent_s)]
    if not ended:
        return ""
    many = len(ended) > 1
    lines = [f"{len(ended)} job{'s' * many} failed; all that does not need {'them' if many else 'it'} is done:"]
    for heartbeat, silent_s in ended:
        name = " ".join([heartbeat.rule, *heartbeat.wildcards.values()])
        lines += [f"  {name}: {reason(heartbeat, silent_s)}", f"    log: {heartbeat.log}"]
    return "\n".join(lines)
