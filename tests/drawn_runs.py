"""Run folders, ours and SLEAP's, with figures from drawn animals."""

import functools
import json

import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.evaluation.frames import Frame
from antpipe.evaluation.jsonable import to_json
from antpipe.evaluation.sleap_metrics import sleap_metrics
from antpipe.evaluation.strict import strict_metrics
from antpipe.files import write_json
from antpipe.models.spec import ModelSpec, write_spec
from antpipe.poses import Skeleton

NODES = ("head", "thorax", "tail")
POSE = np.array([[60.0, 0.0], [30.0, 20.0], [0.0, 0.0]])
PARTS = ("train", "val", "test")
LOG = "epoch,loss,val_loss,lr\n0,0.5,0.6,0.001\n1,0.1,0.2,0.001\n2,0.05,0.3,0.0005\n"


def keys_of(part, count=24, film="film.mp4"):
    """Frames of a part, far enough apart that each is a block of its own."""
    first = {"train": 0, "val": 100_000, "test": 200_000}[part]
    return [(film, first + 500 * i) for i in range(count)]


def frames(keys, *, error=0.0, seed=0, nodes=NODES):
    """Truth and prediction of two animals a frame, the latter off by a normal error in pixels."""
    rng = np.random.default_rng(seed)
    pose = np.resize(POSE, (len(nodes), 2))
    truth = [np.array([pose, pose + 500]) for _ in keys]
    found = [points + rng.normal(0, error, points.shape) for points in truth]
    return [
        [Frame(video=v, frame_idx=i, points=p, scores=np.ones(2)) for (v, i), p in zip(keys, of_side, strict=True)]
        for of_side in (truth, found)
    ]


def draw_run(folder, *, error=1.0, seed=0, nodes=NODES, empty=(), film="film.mp4", config=None, without=(), **record):
    """Write a finished run of ours of type centered_instance; `without` leaves out keys of the metrics."""
    keys = {part: [] if part in empty else keys_of(part, film=film) for part in PARTS}
    for part in PARTS:
        # Resampling takes its time, so the training part borrows its figures from validation.
        measured = tuple(keys["val" if part == "train" else part])
        metrics = _measure(measured, error, seed, tuple(nodes)) if keys[part] and measured else {"frames": 0}
        kept = {k: v for k, v in metrics.items() if not k.startswith(tuple(without) or "\n")}
        write_json(folder / f"metrics.{part}.json", kept)
    return _finish(folder, "centered_instance", nodes, keys, config, record)


@functools.cache
def _measure(keys, error, seed, nodes):
    drawn = frames(keys, error=error, seed=seed + keys[0][1], nodes=nodes)
    metrics = strict_metrics(*drawn, nodes=nodes)
    return to_json({"mode": "strict", **metrics})


def draw_centroid_run(folder, *, f1=(0.5, 0.75), config=None, **record):
    """Write a finished run of ours of type centroid, as older versions wrote its figures."""
    for part in PARTS:
        metrics = {"mode": "centroids", "frames": 24, "detection.radii": [2.0, 5.0], "detection.f1": list(f1)}
        write_json(folder / f"metrics.{part}.json", metrics)
    return _finish(folder, "centroid", NODES, {part: keys_of(part) for part in PARTS}, config, record)


def _finish(folder, model_type, nodes, keys, config, record):
    spec = ModelSpec(
        model_type=model_type,
        config=ModelConfig.model_validate(config or {}),
        skeleton=Skeleton(nodes=tuple(nodes)),
        crop_size=None if model_type == "centroid" else 96,
    )
    write_spec(folder, spec, {})
    write_json(folder / "run.json", {"seed": 0, "fold": 0, "frames": keys, **record})
    (folder / "training_log.csv").write_text(LOG)
    (folder / "best.weights.h5").write_bytes(b"weights")
    return folder


def draw_sleap_run(folder, *, model_type="centered_instance", error=1.0, seed=0, nodes=NODES, parts=PARTS):
    """Write a finished run of SLEAP with the metrics that SLEAP would store."""
    folder.mkdir(parents=True)
    head = {"sigma": 2.5, "output_stride": 4, "anchor_part": None}
    head |= {} if model_type == "centroid" else {"part_names": list(nodes)}
    document = {
        "data": {"preprocessing": {"input_scaling": 1.0}, "instance_cropping": {"crop_size": 96}},
        "model": {"backbone": {"unet": {"max_stride": 16, "filters": 32}}, "heads": {model_type: head, "other": None}},
        "optimization": {"batch_size": 4},
    }
    (folder / "training_config.json").write_text(json.dumps(document))
    (folder / "training_log.csv").write_text(LOG)
    for number, part in enumerate(parts):
        truth, found = frames(keys_of(part, film="D:/films/film.mp4"), error=error, seed=seed + number, nodes=nodes)
        with (folder / f"metrics.{part}.npz").open("wb") as file:
            np.savez(file, metrics=np.array(sleap_metrics(truth, found), object))
    return folder
