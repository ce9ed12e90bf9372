"""Tracking of made-up animals on one core: frames per second of processor time, best of several runs, and memory."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from antpipe.config.stitching import StitchConfig
from antpipe.config.tracking import TrackConfig
from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import write_poses_to
from antpipe.tracking.stitch_track import track_and_stitch
from antpipe.tracking.track import track_poses
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter

NODES, SIDE, SPACING = 13, 384, 64
MISSED, HIDDEN = 0.05, 0.05
"""Shares of instances that are missed and of nodes that are hidden."""


def main() -> None:
    """Run the measurements and print them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--file-of", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file_of:
        track_a_file(options.file_of)
        return
    cv2.setNumThreads(1)
    rates = {}
    for animals, frames in ((2, 4000), (30, 600), (100, 150), (500, 20)):
        rates[f"motion, {animals} animals"] = rate(table(animals, frames), options.runs)
    for window in (5, 30):
        simple = {"method": "simple", "matching": "greedy", "window": window}
        rates[f"simple, 2 animals, window {window}"] = rate(table(2, 1000), options.runs, **simple)
    images = film(2, 400)
    poses = table(2, len(images))
    rates["flow, 2 animals, frames in memory"] = rate(poses, options.runs, images.__getitem__, method="flow")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with VideoWriter(path, width=SIDE, height=SIDE, fps=25, grayscale=True) as writer:
            for image in images:
                writer.write(image[..., 0])
        with VideoReader(path) as reader:
            rates["flow, 2 animals, frames from a file"] = rate(
                poses, options.runs, lambda index: reader.read(index).image, method="flow"
            )
    both_looks = [of_file(frames) for frames in (2_000, 20_000)]
    report = {
        "frames per second": {name: round(value) for name, value in rates.items()},
        "both looks at a file of 30 animals, 2,000 and 20,000 frames": both_looks,
    }
    print(json.dumps(report, indent=2))


def rate(poses: Poses, runs: int, images=None, **settings) -> float:
    """Return the frames per second of the best run."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        for _ in track_poses([poses], TrackConfig(**settings), images):
            pass
        seconds.append(time.process_time() - start)
    return poses.info.frame_total / min(seconds)


def table(animals: int, frames: int, first: int = 0) -> Poses:
    """Return animals that walk on circles beside each other, in random order, some nodes and instances missing."""
    rng = np.random.default_rng(first)
    body = np.random.default_rng(0).uniform(-20, 20, (NODES, 2))
    at = places(animals, first + np.arange(frames))
    points = at[:, :, None] + body + rng.normal(0, 0.7, (frames, animals, NODES, 2))
    points[rng.random(points.shape[:3]) < HIDDEN] = np.nan
    order = rng.random((frames, animals)).argsort(axis=1)
    points = np.take_along_axis(points, order[..., None, None], axis=1)
    seen = rng.random((frames, animals)) >= MISSED
    frame_idx = first + np.nonzero(seen)[0]
    nodes = tuple(f"node {i}" for i in range(NODES))
    video = VideoMeta(path="made up", width=SIDE, height=SIDE, fps=25.0, frame_count=frames)
    info = PosesInfo(skeleton=Skeleton(nodes=nodes), video=video, frames=((first, first + frames),))
    scores = rng.uniform(0.8, 1, len(frame_idx))
    return make_poses(info, frame_idx=frame_idx, points=points[seen], instance_score=scores)


def places(animals: int, times: np.ndarray) -> np.ndarray:
    """Return the middles (times, animals, 2) in pixels."""
    columns = int(np.ceil(animals**0.5))
    number = np.arange(animals)
    middle = SPACING * (1 + np.stack([number % columns, number // columns], axis=-1))
    turn = 0.1 * times[:, None] + 2.4 * number
    return middle + 20 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)


def film(animals: int, frames: int) -> list[np.ndarray]:
    """Return frames (height, width, 1) with a patch of texture for each animal on a grey ground."""
    rng = np.random.default_rng(0)
    patches = [cv2.GaussianBlur(rng.integers(0, 255, (48, 48), np.uint8), (0, 0), 2) for _ in range(animals)]
    images = []
    for now in places(animals, np.arange(frames)):
        image = np.full((SIDE, SIDE, 1), 120, np.uint8)
        for patch, (x, y) in zip(patches, now.round().astype(int), strict=True):
            image[y - 24 : y + 24, x - 24 : x + 24, 0] = patch
        images.append(image)
    return images


def of_file(frames: int) -> str:
    """Return the seconds and the peak memory of both looks at a file, in a process of its own."""
    command = [sys.executable, __file__, "--file-of", str(frames)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def track_a_file(frames: int) -> None:
    """Track 30 animals, written to a file in tables of 200 frames; print the time and the peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        predictions, output, events = (Path(folder) / name for name in ("p.parquet", "t.parquet", "events.tsv"))
        info = table(30, 1).info
        video = replace(info.video, frame_count=frames)
        with write_poses_to(predictions, replace(info, frames=((0, frames),), video=video)) as writer:
            for first in range(0, frames, 200):
                writer.write(replace(table(30, 200, first), info=writer.info))
        start = time.perf_counter()
        track_and_stitch(predictions, output, events, TrackConfig(), StitchConfig())
        seconds = time.perf_counter() - start
    print(f"{seconds:.1f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
