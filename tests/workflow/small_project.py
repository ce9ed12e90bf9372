"""A simulated project that is small enough to run in a minute or two."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
FAST = {"min_batches_per_epoch": 2, "epochs": 1}
CONFIG = {
    "simulate": {"videos": 2, "ants": 2, "frames": 16, "width": 160, "height": 128, "body_length": 30.0},
    "split": {"fractions": [0.6, 0.2, 0.2]},
    "models": {
        "centroid": {
            "input": {"scale": 0.5},
            "backbone": {"unet": {"max_stride": 8, "filters": 4}},
            "head": {"output_stride": 4},
            "optimization": FAST,
        },
        "centered_instance": {
            "backbone": {"unet": {"max_stride": 8, "filters": 4}},
            "head": {"output_stride": 4},
            "optimization": FAST,
        },
    },
    # Networks trained for a moment find nothing at the usual threshold; here they are to find something.
    "predict": {"centroid_threshold": 0.001, "peak_threshold": 0.0, "max_instances": 3},
    "export": {"formats": ["parquet", "csv", "slp", "analysis_h5", "parquet_long"]},
    "report": {"overlay_seconds": 0.5},
}


def command_of(folder, *arguments, config=None, code=ROOT, profile="default"):
    """The words and the environment of a run in a folder, with the workflow in `code`."""
    path, text = folder / "config.yaml", yaml.safe_dump(CONFIG if config is None else config)
    # Another test may be reading it.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    command = [sys.executable, "-m", "snakemake", "--snakefile", code / "Snakefile", "--directory", folder]
    command += ["--configfile", path]
    # The profile for one computer is the workflow's own; for a cluster it must not be mixed in.
    own = profile == "default"
    command += ["--workflow-profile", code / "profiles" / "default" if own else "none"]
    command += [] if own else ["--profile", code / "profiles" / profile]
    return [*map(str, command), *arguments], {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}


def snakemake(folder, *arguments, **options):
    """The exit code and the output of a run in a folder; options as of `command_of`."""
    command, environment = command_of(folder, *arguments, **options)
    run = subprocess.run(command, capture_output=True, text=True, timeout=800, env=environment, check=False)
    return run.returncode, run.stdout + run.stderr


def hear_ctrl_c():
    """Undo that a shell lets its background jobs ignore Ctrl-C; to be called in a new process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stop(run):
    """Press Ctrl-C until a run ends, and return its exit code: while it plans, Snakemake may miss the first one."""
    for _ in range(6):
        run.send_signal(signal.SIGINT)
        try:
            return run.wait(timeout=20)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("Ctrl-C does not end the run")


def wait_until(condition, seconds=120):
    """Return whether a condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def planned(output):
    """The rules that a dry run says it would run; `all` and `describe`, which follow all others, are none of them."""
    lines = [line.split() for line in output.splitlines()]
    rules = {words[0] for words in lines if len(words) == 2 and words[1].isdigit()}
    return {name for name in rules if name.isidentifier()} - {"total", "all", "describe"}
