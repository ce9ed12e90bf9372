"""Prediction of a film as a whole process, against its networks alone; time and memory, median of several runs."""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from antpipe.poses_file import read_poses
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter


def main() -> None:
    """Run the comparison and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--model", type=Path, action="append", required=True)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--times", type=int, default=10, help="length of the long film, in lengths of the short one")
    alone = parser.add_argument_group("what the benchmark asks of itself, in a fresh process")
    alone.add_argument("--networks-alone", nargs=3, type=int, metavar=("FRAMES", "CROPS", "SIZE"))
    alone.add_argument("--started", type=float, help="when the process was started, in seconds since 1970")
    options = parser.parse_args()
    if options.networks_alone:
        print(json.dumps(networks_alone(options, *options.networks_alone)))
        return
    with tempfile.TemporaryDirectory() as folder:
        poses_path = Path(folder) / "poses.parquet"
        whole, alone = [], []
        for _ in range(options.runs):
            whole.append(whole_process(options.video, options, poses_path))
            poses = read_poses(poses_path)
            alone.append(in_process(options, poses.info.frame_total, len(poses)))
        long_video = Path(folder) / "long.mp4"
        repeat(options.video, long_video, options.times)
        long_run = whole_process(long_video, options, poses_path)
    seconds = statistics.median(run["seconds"] for run in whole)
    networks = statistics.median(run["seconds"] for run in alone)
    start = statistics.median(run["start"] for run in alone)
    # Seconds of the processor: other programs on the machine change them little.
    rest = statistics.median(run["cpu"] for run in whole) - statistics.median(run["start cpu"] for run in alone)
    report = {
        "frames": poses.info.frame_total,
        "crops": len(poses),
        "whole process, s": round(seconds, 1),
        "frames per second": round(poses.info.frame_total / seconds, 1),
        "networks alone, s": round(networks, 1),
        "start of the process, s": round(start, 1),
        "decoding, cropping, peaks and writing, of the networks": f"{(seconds - start) / networks - 1:.0%}",
        "the same in seconds of the processor": f"{rest / statistics.median(run['cpu'] for run in alone) - 1:.0%}",
        "largest matrix product, GFLOP/s": round(max(run["gflops"] for run in alone)),
        "memory, GB": round(max(run["memory"] for run in whole), 2),
        f"memory of {options.times} times the film, GB": round(long_run["memory"], 2),
    }
    print(json.dumps(report, indent=2))


def whole_process(video: Path, options: argparse.Namespace, output: Path) -> dict[str, float]:
    """Return wall-clock seconds and peak memory (GB) of `antpipe predict`."""
    command = [sys.executable, "-m", "antpipe.cli", "predict", str(video), "-o", str(output)]
    command += how(options)
    start = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {command}")
    cpu = usage.ru_utime + usage.ru_stime
    return {"seconds": time.perf_counter() - start, "cpu": cpu, "memory": usage.ru_maxrss * 1024 / 1e9}


def in_process(options: argparse.Namespace, frames: int, crops: int) -> dict[str, float]:
    """Return what `networks_alone` measures, in a fresh process."""
    with VideoReader(options.video) as reader:
        size = str(max(reader.width, reader.height))
    command = [sys.executable, __file__, str(options.video), "--networks-alone", str(frames), str(crops), size]
    command += [*how(options), "--started", str(time.time())]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def how(options: argparse.Namespace) -> list[str]:
    """Return the options of the models as words of a command."""
    models = [word for model in options.model for word in ("--model", str(model))]
    return [*models, "--precision", options.precision]


def networks_alone(options: argparse.Namespace, frames: int, crops: int, size: int) -> dict[str, float]:
    """Return the seconds that both networks need for so many frames and crops, and how long their start took.

    The start is that of the process: Python, all imports, loading the models, building their graphs.
    """
    from antpipe.backend import start_backend

    start_backend("predict")
    import tensorflow as tf

    from antpipe.config.inference import PredictConfig
    from antpipe.inference.engine import batches_at_once, make_engine, with_batches
    from antpipe.inference.parallel import map_ahead
    from antpipe.models.folder import load_model

    pair = sorted(
        (load_model(folder, options.precision) for folder in options.model), key=lambda model: model.spec.crop_size or 0
    )
    engines = [make_engine(model, ["confidence_maps"]) for model in pair]
    crop = pair[1].spec.crop_size or 0
    config, at_once = with_batches(PredictConfig()), batches_at_once()
    shapes = (config.batch_size, size, size, 1), (config.crop_batch_size, crop, crop, 1)
    batches = [np.random.default_rng(0).integers(0, 255, shape, np.uint8) for shape in shapes]
    for engine, batch in zip(engines, batches, strict=True):
        engine(batch)
    ready, start_cpu = time.time() - options.started, time.process_time()
    start = time.perf_counter()
    for engine, batch, count in zip(engines, batches, (frames, crops), strict=True):
        for _ in map_ahead(engine, itertools.repeat(batch, round(count / len(batch))), at_once):
            pass
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    matrix = tf.random.normal((4096, 4096))

    def multiply(_: int) -> object:
        return tf.matmul(matrix, matrix).numpy()

    best = min(_time(lambda: list(map_ahead(multiply, range(at_once), at_once))) for _ in range(5))
    gflops = at_once * 2 * 4.096**3 / best
    return {"seconds": seconds, "cpu": cpu, "start": ready, "start cpu": start_cpu, "gflops": gflops}


def _time(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def repeat(video: Path, output: Path, times: int) -> None:
    """Write a film several times over."""
    with (
        VideoReader(video) as reader,
        VideoWriter(output, width=reader.width, height=reader.height, fps=reader.fps, grayscale=True) as writer,
    ):
        for _ in range(times):
            for frame in reader.frames():
                writer.write(frame.image)


if __name__ == "__main__":
    main()
