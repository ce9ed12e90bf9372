"""What the steps of a project cost: time and memory, from what Snakemake measured of each job."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from antpipe.errors import ConfigError
from antpipe.files import atomic_path
from antpipe.report.html_parts import document, table

HEADINGS = ("Step", "Jobs", "Time of all", "Longest", "Processor", "Memory (GB)")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What all jobs of a rule cost."""

    rule: str
    jobs: int
    seconds: float
    """Of all of them."""
    longest: float
    """Seconds of the longest."""
    processor: float
    """Seconds that all cores were busy."""
    memory: float
    """Most megabytes that one of them held."""


def write_costs(results: str | Path, output_html: str | Path) -> None:
    """Write a page with the time and the memory that each step took, the costliest first.

    Counted is the last run of each job, as the files of `benchmarks/` below the folder of results say. A step that
    was too short to be measured has no memory.
    """
    costs = sorted(read_costs(results), key=lambda cost: -cost.seconds)
    rows = [
        [
            cost.rule,
            str(cost.jobs),
            _time(cost.seconds),
            _time(cost.longest),
            _time(cost.processor),
            f"{cost.memory / 1000:.2f}",
        ]
        for cost in costs
    ]
    total = _time(sum(cost.seconds for cost in costs))
    body = [
        "<h1>Time and memory</h1>",
        f"<p>All jobs together took {total}; jobs that ran side by side count each.</p>",
        table(HEADINGS, rows),
    ]
    with atomic_path(output_html) as temporary:
        temporary.write_text(document("Time and memory", body), encoding="utf-8")


def read_costs(results: str | Path) -> list[Cost]:
    """Return what each rule cost, from the files of `benchmarks/`.

    Raises:
        ConfigError: if one is not as Snakemake writes it.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for rule, path in _benchmarks(Path(results, "benchmarks")):
        found.setdefault(rule, []).append(_read(path))
    return [
        Cost(
            rule=rule,
            jobs=len(jobs),
            seconds=sum(job["s"] for job in jobs),
            longest=max(job["s"] for job in jobs),
            processor=sum(job["cpu_time"] for job in jobs),
            memory=max(job["max_rss"] for job in jobs),
        )
        for rule, jobs in found.items()
    ]


def _benchmarks(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield rules with the files about their jobs: {rule}.jsonl, or any below {rule}/."""
    for path in sorted(folder.rglob("*.jsonl")):
        yield path.relative_to(folder).parts[0].removesuffix(".jsonl"), path


def _read(path: Path) -> dict[str, float]:
    """Return the seconds and megabytes of a job; 0 for what was not measured."""
    try:
        values = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        return {name: _number(values[name]) for name in ("s", "cpu_time", "max_rss")}
    except (ValueError, LookupError, TypeError) as error:
        raise ConfigError(
            f"{path}: expected what Snakemake writes about a job, but it cannot be read; remove it, and run its step "
            "again if you want its figures"
        ) from error


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _time(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds."""
    return str(timedelta(seconds=math.ceil(seconds)))
