"""The plan of a run: all jobs that it has, done or not, so that others can tell how far it is."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antpipe.errors import ConfigError, reason
from antpipe.files import atomic_path, read_json

PLAN = ".status/plan.json"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One job of a run."""

    rule: str
    wildcards: Mapping[str, str]
    outputs: list[str]


def write_plan(results: str | Path, workflow: Any) -> None:
    """Write down the jobs of a Snakemake workflow that is about to run, rule by rule as the Snakefile has them.

    A run of a few files, without the rule that asks for all, adds its jobs to those that are known. A folder that
    cannot be written is said, and stops nothing.
    """
    order = [rule.name for rule in workflow.rules]
    jobs = sorted(workflow.dag.jobs, key=lambda job: order.index(job.rule.name))
    plan = [
        {"rule": job.rule.name, "wildcards": dict(job.wildcards_dict or {}), "outputs": outputs}
        # Outputs that Snakemake removes when they have served do not tell whether a job is done.
        for job, outputs in ((job, [str(path) for path in job.output if path not in job.temp_output]) for job in jobs)
        if outputs
    ]
    path = Path(results, PLAN)
    if all(job.output for job in jobs) and path.is_file():
        plan += [job for job in read_json(path) if job not in plan]
        plan.sort(key=lambda job: order.index(job["rule"]) if job["rule"] in order else len(order))
    try:
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        print(f"{path}: `antpipe status` will know nothing of this run ({error.strerror})", file=sys.stderr)


def read_plan(results: str | Path) -> list[Planned]:
    """Return the jobs of the last run below a folder of results; none where nothing was run.

    Raises:
        ConfigError: if the plan is not as this version writes it.
    """
    path = Path(results, PLAN)
    try:
        return [Planned(**job) for job in read_json(path)] if path.is_file() else []
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: expected a plan as this version of antpipe writes it, but it cannot be read ({reason(error)}); "
            "remove it"
        ) from error
