"""Planning of a project with thousands of videos: seconds and memory of a dry run that finds everything to be done.

Beside it, turn by turn, a bare workflow with the same jobs and files of each video, whose rules have inputs, outputs
and a script and nothing else: what Snakemake itself takes.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
CONFIG = "videos: data/*.mp4\nlabels: data/labels.slp\nmodels: {centroid: {}, centered_instance: {}}\n"
FIGURES = ["png", "tracks.png", "continuity.png", "trajectories.png", "occupancy.png", "traces.png"]
BARE: dict[str, tuple[list[str], list[str]]] = {
    "preprocess": (["data/{v}.mp4"], ["videos/{v}.mp4", "videos/{v}.json"]),
    "select": (["data/labels.slp"], ["selected.json"]),
    "predict": (["videos/{v}.mp4", "videos/{v}.json", "selected.json"], ["predictions/{v}.parquet"]),
    "track": (["predictions/{v}.parquet", "videos/{v}.mp4"], ["tracks/{v}.parquet", "tracks/{v}.events.tsv"]),
    "features": (["tracks/{v}.parquet"], ["features/{v}.parquet"]),
    "export": (
        ["tracks/{v}.parquet", "videos/{v}.json", "features/{v}.parquet"],
        ["export/{v}.parquet", "export/{v}.csv", "export/{v}.slp"],
    ),
    "draw": (
        ["videos/{v}.mp4", "tracks/{v}.parquet", "tracks/{v}.events.tsv", "features/{v}.parquet"],
        [f"report/{{v}}.{suffix}" for suffix in ["mp4", "tracks.tsv", "to_check.tsv", *FIGURES]],
    ),
    "summary": (["tracks/{v}.parquet", *(f"report/{{v}}.{suffix}" for suffix in FIGURES)], ["summary.html"]),
    "suggest": (["tracks/{v}.parquet", "videos/{v}.mp4", "videos/{v}.json"], ["suggestions.tsv"]),
    "describe": (
        [
            "features/{v}.parquet",
            *(f"export/{{v}}.{suffix}" for suffix in ("parquet", "csv", "slp")),
            "report/{v}.mp4",
            "summary.html",
            "suggestions.tsv",
        ],
        ["crate.json"],
    ),
}


def main() -> None:
    """Make the project, plan it and the bare workflow several times and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate = ["simulate", folder / "data", "--videos", "1", "--ants", "2", "--frames", "16", "--size", "160x128"]
        subprocess.run([sys.executable, "-m", "antpipe.cli", *map(str, simulate)], check=True)
        for number in range(1, options.videos):
            os.link(folder / "data" / "ants_001.mp4", folder / "data" / f"day_{number:04}.mp4")
        (folder / "config.yaml").write_text(CONFIG)
        (folder / "nothing.py").touch()
        (folder / "Bare").write_text(bare_snakefile())
        antpipe: list[str | Path] = [ROOT / "Snakefile", "--workflow-profile", ROOT / "profiles" / "default"]
        # The first one reads all videos to know their bytes; that is remembered.
        first = plan(folder, *antpipe)
        turns = [(plan(folder, *antpipe), plan(folder, folder / "Bare")) for _ in range(options.runs)]
    figures: dict[str, object] = {"videos": options.videos, "first s": round(first.seconds, 1)}
    for name, plans in zip(("antpipe", "bare"), zip(*turns, strict=True), strict=True):
        seconds = round(statistics.median(plan.seconds for plan in plans), 1)
        figures[name] = {"jobs": plans[0].jobs, "s": seconds, "MB": max(plan.megabytes for plan in plans)}
    print(json.dumps(figures, indent=2))


def bare_snakefile() -> str:
    """Return the bare workflow."""
    lines = ["from pathlib import Path", "V = [path.stem for path in Path('data').glob('*.mp4')]"]
    lines += ["rule all:", "    input: 'crate.json'"]
    for rule, (inputs, outputs) in BARE.items():
        of_all = not any("{v}" in output for output in outputs)
        lines += [f"rule {rule}:", f"    input: {f'expand({inputs}, v=V)' if of_all else inputs}"]
        lines += [f"    output: {outputs}", "    wildcard_constraints: v='[^/]+'", "    script: 'nothing.py'"]
    return "\n".join(lines)


class Plan(NamedTuple):
    """A dry run."""

    seconds: float
    jobs: int
    megabytes: int


def plan(folder: Path, *snakefile: str | Path) -> Plan:
    """Make a dry run and return what it took, and how many jobs it names."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--directory",
        folder,
        "--cores",
        "2",
        "--dry-run",
        "--quiet",
        "rules",
    ]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        run = subprocess.Popen(list(map(str, [*command, "--snakefile", *snakefile])), stdout=log, stderr=log)
        _, status, usage = os.wait4(run.pid, 0)
        seconds = time.perf_counter() - start
        log.seek(0)
        text = log.read()
    if status:
        sys.exit(text)
    jobs = re.search(r"^total +(\d+)$", text, re.MULTILINE)
    return Plan(seconds, int(jobs[1]) if jobs else 0, usage.ru_maxrss // 1024)


if __name__ == "__main__":
    main()
