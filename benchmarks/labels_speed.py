"""Label files of a size that labs reach after years: seconds and memory of merging, splitting, audit and evaluation.

Every step is a process of its own; its seconds start when all is imported. sleap-io's own merge runs beside ours.
"""

import argparse
import importlib
import importlib.util
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.labels.write import write_labels
from antpipe.synthetic.skeleton import ANT_SKELETON

PARTS = 4
OPTIONAL = {"audit": "antpipe.report.audit:audit_file", "evaluate": "antpipe.evaluation.evaluate:evaluate"}


def main() -> None:
    """Draw the label files, run every step and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--step", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        run_step(options.step[0], Path(options.step[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: Linux counts the memory of a parent as its children's.
        drawn = multiprocessing.get_context("spawn").Process(
            target=draw_files, args=(folder, options.frames, options.instances)
        )
        drawn.start()
        drawn.join()
        size = (folder / "whole.slp").stat().st_size / 1e6
        print(
            f"{options.frames} frames x {options.instances} instances x {len(ANT_SKELETON.nodes)} nodes, {size:.0f} MB"
        )
        print(f"| {'step':44} | seconds | of these computing | peak memory, MB |")
        print(f"|{'-' * 46}|--------:|-------------------:|----------------:|")
        for step, title in STEPS.items():
            if step in OPTIONAL and not is_there(OPTIONAL[step]):
                print(f"| {title:44} | not there yet | | |")
                continue
            seconds, computing, memory = measure(step, folder)
            print(f"| {title:44} | {seconds:7.1f} | {computing:18.1f} | {memory:15.0f} |", flush=True)


def draw_files(folder: Path, frames: int, instances: int) -> None:
    """Write a label file, the same in parts, and predictions that miss it by a pixel or so."""
    draw = np.random.default_rng(0)
    start = draw.uniform(0, 3000, (frames, instances, 1, 2))
    points = start + draw.normal(0, 60, (frames, instances, len(ANT_SKELETON.nodes), 2))
    wrong = points + draw.normal(0, 1, points.shape)
    write_labels(folder / "whole.slp", make_labels(points, range(frames)))
    write_labels(folder / "predicted.slp", make_labels(wrong, range(frames), predicted=True))
    for part, rows in enumerate(np.array_split(np.arange(frames), PARTS)):
        write_labels(folder / f"part{part}.slp", make_labels(points[rows], rows))


def make_labels(points: np.ndarray, indices, predicted: bool = False) -> sio.Labels:
    """Return labels of points (frames, instances, nodes, 2), spread over four videos."""
    skeleton = sio.Skeleton(
        list(ANT_SKELETON.nodes), list(ANT_SKELETON.edges), list(ANT_SKELETON.symmetries), name="ant"
    )
    videos = [sio.Video(filename=f"D:/films/{n}.mp4", open_backend=False) for n in range(4)]
    kind = sio.PredictedInstance if predicted else sio.Instance
    frames = [
        sio.LabeledFrame(videos[i % 4], 10 * int(i), [kind.from_numpy(p, skeleton=skeleton) for p in animals])
        for i, animals in zip(indices, points, strict=True)
    ]
    return sio.Labels(frames, videos=videos, skeletons=[skeleton])


def measure(step: str, folder: Path) -> tuple[float, float, float]:
    """Return the seconds of a step, those of the processor, and the peak memory (MB) of its process."""
    command = [sys.executable, __file__, "--step", step, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    seconds, computing = map(float, printed.splitlines()[-1].split())
    return seconds, computing, usage.ru_maxrss / 1000


def run_step(step: str, folder: Path) -> None:
    """Run a step and print its seconds, and those of the processor."""
    run = globals()[f"step_{step}"]()
    begin, computed = time.perf_counter(), time.process_time()
    run(folder)
    print(time.perf_counter() - begin, time.process_time() - computed)


STEPS = {
    "sleap_read": "read, sleap-io",
    "read": "read, antpipe",
    "merge": f"merge of {PARTS} parts, antpipe",
    "sleap_merge": f"merge of {PARTS} parts, sleap-io's Labels.merge",
    "merge_twice": "merge of everything with its parts, antpipe",
    "split": "split by block",
    "audit": "audit",
    "evaluate": "evaluate",
}
"""Titles of the steps; each is a function below, which imports what it needs and returns what is to be timed."""


def step_sleap_read():
    return lambda folder: sio.load_slp(str(folder / "whole.slp"), open_videos=False)


def step_read():
    from antpipe.labels.read import read_labels

    return lambda folder: read_labels(folder / "whole.slp")


def step_merge():
    from antpipe.labels.merge import merge_files

    return lambda folder: merge_files(sorted(folder.glob("part*.slp")), folder / "merged.slp")


def step_sleap_merge():
    def run(folder: Path) -> None:
        first, *others = (sio.load_slp(str(p), open_videos=False) for p in sorted(folder.glob("part*.slp")))
        for other in others:
            first.merge(other)
        first.save(str(folder / "sleap_merged.slp"), embed=False, verbose=False)

    return run


def step_merge_twice():
    from antpipe.labels.merge import merge_files

    return lambda folder: merge_files(
        [folder / "whole.slp", *sorted(folder.glob("part*.slp"))], folder / "merged_twice.slp"
    )


def step_split():
    from antpipe.labels.read import read_labels
    from antpipe.labels.split import split_labels
    from antpipe.labels.split_file import write_split

    return lambda folder: write_split(folder / "split.json", split_labels(read_labels(folder / "whole.slp")))


def step_audit():
    audit_file = load(OPTIONAL["audit"])
    return lambda folder: audit_file(folder / "whole.slp", folder / "audit")


def step_evaluate():
    evaluate = load(OPTIONAL["evaluate"])
    return lambda folder: evaluate(folder / "whole.slp", folder / "predicted.slp")


def is_there(place: str) -> bool:
    """Return whether a function exists, given as module:name."""
    module, name = place.split(":")
    return importlib.util.find_spec(module) is not None and hasattr(importlib.import_module(module), name)


def load(place: str):
    """Return a function, given as module:name."""
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    main()
