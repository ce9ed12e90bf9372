"""How far each video and each model is, from the plan of the last run, the files that are there, and heartbeats."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from antpipe.records.heartbeat import Heartbeat
from antpipe.records.life import is_alive, reason
from antpipe.records.plan import Planned, read_plan
from antpipe.records.silence import read_heartbeats

STATES = ("running", "failed", "waiting", "done")
"""What a row may be, what a person wants to see first in front."""
ALL = "all videos"
"""The row of what is not about one video or one model."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A video, a model, or what is about all of them."""

    name: str
    state: str
    """One of STATES."""
    stage: str
    """The rules that run, the one that failed, or the next; empty when all is done."""
    jobs_done: int
    jobs: int
    heartbeat: Heartbeat | None = None
    """Of the job that runs and has most to tell."""
    failure: str = ""
    log: str = ""


def project_status(results: str | Path) -> list[Row]:
    """Return a row for each video, each model and the rest; those that run first, then those that failed."""
    planned: dict[str, list[Planned]] = {}
    for job in read_plan(results):
        planned.setdefault(_subject(job.wildcards), []).append(job)
    beats: dict[str, list[tuple[Heartbeat, float]]] = {}
    for heartbeat, silent_s in read_heartbeats(results):
        beats.setdefault(_subject(heartbeat.wildcards), []).append((heartbeat, silent_s))
    files = _Files()
    names = dict.fromkeys((*planned, *beats))
    rows = [_row(name, planned.get(name, ()), beats.get(name, ()), files) for name in names]
    return sorted(rows, key=lambda row: STATES.index(row.state))


def _subject(wildcards: Mapping[str, str]) -> str:
    if "video" in wildcards:
        return wildcards["video"]
    return "/".join(wildcards[key] for key in ("run", "model_type") if key in wildcards) or ALL


def _row(name: str, planned: Iterable[Planned], beats: Iterable[tuple[Heartbeat, float]], files: "_Files") -> Row:
    jobs = list(planned)
    live = [heartbeat for heartbeat, silent_s in beats if is_alive(heartbeat, silent_s)]
    busy = [_job(heartbeat) for heartbeat in live]
    missing = [job for job in jobs if _job(job) in busy or not files.have(job.outputs)]
    done = [_job(job) for job in jobs if job not in missing]
    failed = [(h, silent_s) for h, silent_s in beats if _job(h) not in [*busy, *done]]
    row = Row(name=name, state="done", stage="", jobs=len(jobs), jobs_done=len(jobs) - len(missing))
    if live:
        telling = max(live, key=lambda h: (h.total is not None, h.started_s))
        return replace(row, state="running", stage=_stages(h.rule for h in live), heartbeat=telling)
    if failed:
        last, silent_s = min(failed, key=lambda pair: pair[1])
        return replace(row, state="failed", stage=last.rule, failure=reason(last, silent_s), log=last.log)
    return replace(row, state="waiting", stage=missing[0].rule) if missing else row


def _job(job: Heartbeat | Planned) -> tuple[str, dict[str, str]]:
    return job.rule, dict(job.wildcards)


def _stages(rules: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(rules))


class _Files:
    """What is there, asked once per folder: a folder of thousands of files may lie on a slow network."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def have(self, paths: Iterable[str]) -> bool:
        return all(self._has(path) for path in paths)

    def _has(self, path: str) -> bool:
        folder, name = os.path.split(path)
        if folder not in self._names:
            try:
                self._names[folder] = set(os.listdir(folder or "."))
            except OSError:
                self._names[folder] = set()
        return name in self._names[folder]
