"""A job of the workflow: what it is, and where its heartbeat and its record lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEARTBEATS, RECORDS = ".status/jobs", "records"
"""Folders of the results: heartbeats of jobs that run or failed, and records of what was made."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One job of a rule."""

    log: str
    wildcards: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[str, Any]
    threads: int

    @classmethod
    def of(cls, snakemake: Any) -> "Task":
        """Return the job that a script of a rule finds in its variable `snakemake`."""
        return cls(
            log=str(snakemake.log[0]),
            wildcards=dict(snakemake.wildcards.items()),
            inputs=tuple(map(str, snakemake.input)),
            outputs=tuple(map(str, snakemake.output)),
            params=dict(snakemake.params.items()),
            threads=snakemake.threads,
        )

    @property
    def rule(self) -> str:
        """The rule's name in this workflow, also where another workflow uses it under another one."""
        return Path(self._below_logs()).with_suffix("").parts[0]

    @property
    def results(self) -> Path:
        """The folder of results."""
        return Path(self.log.rpartition("logs/")[0])

    def file_in(self, folder: str) -> Path:
        """Return the file of this job in a folder of the results: `logs/predict/a.log` is `{folder}/predict/a.json`."""
        return Path(self.results, folder, self._below_logs().removesuffix(".log") + ".json")

    def _below_logs(self) -> str:
        # Every log is {results}/logs/{rule}.log or {results}/logs/{rule}/{wildcards}.log; no name below has a slash.
        return self.log.rpartition("logs/")[2]
