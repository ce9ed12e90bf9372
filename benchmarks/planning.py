"""Planning of a project with thousands of videos: seconds and memory of a dry run that finds everything to be done."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONFIG = "videos: data/*.mp4\nlabels: data/labels.slp\nmodels: {centroid: {}, centered_instance: {}}\n"


def main() -> None:
    """Make the project, plan it several times and print the figures as JSON."""
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
        # The first one reads all videos to know their bytes; that is remembered.
        first, *others = [plan(folder) for _ in range(options.runs + 1)]
    figures = {
        "videos": options.videos,
        "jobs": first[1],
        "first s": round(first[0], 1),
        "s": round(statistics.median(seconds for seconds, _ in others), 1),
        "MB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    print(json.dumps(figures, indent=2))


def plan(folder: Path) -> tuple[float, int]:
    """Return the seconds of a dry run, and how many jobs it names."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--workflow-profile", ROOT / "profiles" / "default"]
    command += ["--cores", "2", "--dry-run", "--quiet", "rules"]
    start = time.perf_counter()
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    words = [line.split() for line in (run.stdout + run.stderr).splitlines()]
    return seconds, next(int(line[1]) for line in words if len(line) == 2 and line[0] == "total")


if __name__ == "__main__":
    main()
