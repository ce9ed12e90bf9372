"""A day of film through every exporter: rows per second, peak memory and size of each format.

Each format is written by a process of its own; its seconds start when all is imported.
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from antpipe.export.export import export_poses
from antpipe.export.registry import EXPORTERS
from antpipe.poses import PosesInfo, VideoMeta, make_poses
from antpipe.poses_file import write_poses_to
from antpipe.synthetic.skeleton import ANT_SKELETON

CHUNK = 500
"""Frames drawn at once."""
TRACK_FRAMES = 20_000
"""A track breaks after so many frames, and the animal goes on under a new name."""


def main() -> None:
    """Draw poses, export them in every format and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="instances")
    parser.add_argument("--animals", type=int, default=30, help="in each frame")
    parser.add_argument("--formats", nargs="+", default=list(EXPORTERS), choices=list(EXPORTERS))
    parser.add_argument("--folder", type=Path, help="where files are written and removed; needs some 30 GB for csv")
    parser.add_argument("--export", nargs=3, metavar=("POSES", "OUTPUT", "FORMAT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.export:
        run_export(*options.export)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        poses = Path(name) / "poses.parquet"
        # In a process of its own: Linux counts the memory of a parent as its children's.
        drawn = multiprocessing.get_context("spawn").Process(
            target=draw_poses, args=(poses, options.rows, options.animals)
        )
        drawn.start()
        drawn.join()
        print(f"{options.rows:,} instances of {len(ANT_SKELETON.nodes)} nodes, {options.animals} in a frame, ", end="")
        print(f"{size_gb(poses):.2f} GB")
        print("| format | seconds | instances per second | peak memory, MB | GB |")
        print("|--------|--------:|---------------------:|----------------:|---:|")
        for form in options.formats:
            seconds, memory, size = measure(poses, Path(name) / f"out.{form}", form)
            rate = options.rows / seconds
            print(f"| {form} | {seconds:.0f} | {rate:,.0f} | {memory:.0f} | {size:.2f} |", flush=True)


def draw_poses(path: Path, rows: int, animals: int) -> None:
    """Write wandering animals: tracks that break, 2 % of instances without a track, 3 % of nodes not visible."""
    draw, nodes = np.random.default_rng(0), len(ANT_SKELETON.nodes)
    frames = rows // animals
    video = VideoMeta(path="day.mp4", width=3840, height=2160, fps=24.0, frame_count=frames)
    info = PosesInfo(skeleton=ANT_SKELETON, video=video, frames=((0, frames),))
    body = draw.normal(0, 60, (animals, nodes, 2))
    place = draw.uniform(500, 1500, (animals, 2))
    with write_poses_to(path, info) as writer:
        for start in range(0, frames, CHUNK):
            count = min(CHUNK, frames - start)
            steps = draw.normal(0, 2, (count, animals, 2)).cumsum(axis=0) + place
            place = steps[-1]
            points = (steps[:, :, None] + body + draw.normal(0, 0.3, (count, animals, nodes, 2))).astype(np.float32)
            points[draw.random((count, animals, nodes)) < 0.03] = np.nan
            frame_idx = np.repeat(np.arange(start, start + count), animals)
            ants = np.tile(np.arange(animals), count)
            names = [f"track_{ant + animals * (f // TRACK_FRAMES)}" for f, ant in zip(frame_idx, ants, strict=True)]
            lone = draw.random(len(names)) < 0.02
            scores = draw.random((len(names), nodes), np.float32)
            writer.write(
                make_poses(
                    info,
                    frame_idx=frame_idx,
                    points=points.reshape(-1, nodes, 2),
                    point_scores=scores,
                    instance_score=scores.mean(axis=1),
                    tracking_score=np.where(lone, np.nan, scores[:, 0]),
                    track=np.where(lone, None, np.array(names, object)),
                )
            )


def measure(poses: Path, output: Path, form: str) -> tuple[float, float, float]:
    """Return seconds, peak memory (MB) and size (GB) of an export, and remove it."""
    command = [sys.executable, __file__, "--export", str(poses), str(output), form]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    size = size_gb(output)
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink()
    return float(printed), usage.ru_maxrss / 1000, size


def run_export(poses: str, output: str, form: str) -> None:
    """Export and print the seconds."""
    EXPORTERS[form]
    begin = time.perf_counter()
    export_poses([Path(poses)], Path(output), format=form)
    print(time.perf_counter() - begin)


def size_gb(path: Path) -> float:
    """Return the size of a file, or of all files of a folder, in GB."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e9


if __name__ == "__main__":
    main()
