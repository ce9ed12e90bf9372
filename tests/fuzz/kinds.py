"""Every kind of file that a person can hand to antpipe: a small good one, and the function that reads it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sleap_io as sio

from antpipe.cli.options import read_numbers, section
from antpipe.config.labels import MergeConfig
from antpipe.config.measurements import MeasurementsConfig
from antpipe.config.model import ModelConfig
from antpipe.config.project import Config, load_config, parse_config
from antpipe.config.sleap import read_sleap_config
from antpipe.config.yaml_file import read_yaml
from antpipe.evaluation.mot import read_mot
from antpipe.evaluation.part import read_our_part
from antpipe.evaluation.read import read_frames
from antpipe.evaluation.run_files import read_log, read_our_settings, read_sleap_settings
from antpipe.evaluation.select import selected_folders
from antpipe.evaluation.sleap_part import read_sleap_part
from antpipe.export.export import export_poses
from antpipe.export.raw_video import way_back
from antpipe.features.check import find_measurements
from antpipe.features.joined_read import read_joined
from antpipe.features.joined_table import METADATA_KEY
from antpipe.features.raw_times import find_raw_video
from antpipe.features.sensor import read_samples
from antpipe.files import write_json
from antpipe.inputs import check_inputs, find_inputs, find_labelled
from antpipe.labels.fold import Fold
from antpipe.labels.glance import glance
from antpipe.labels.merge import merge_labels
from antpipe.labels.on_video import from_labels
from antpipe.labels.read import read_labels, skeleton_of, user_points
from antpipe.labels.split import Split
from antpipe.labels.split_file import read_split, write_split
from antpipe.models.sleap_weights import read_layers
from antpipe.models.spec import ModelSpec, read_spec, write_spec
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.poses_file import iter_poses, read_info, read_poses, write_poses
from antpipe.records.entries import input_entries
from antpipe.tracking.events import Event, read_events, write_events

NODES = ("head", "thorax", "tail")
SKELETON = Skeleton(nodes=NODES, edges=(("head", "thorax"), ("thorax", "tail")))
VIDEO = VideoMeta(path="film.mp4", width=64, height=48, fps=25.0, frame_count=10, fingerprint="ab")
INFO = PosesInfo(skeleton=SKELETON, video=VIDEO, frames=((0, 5), (7, 10)), provenance={"command": "antpipe track"})
SENSOR = MeasurementsConfig.model_validate({"files": "sensor.csv", "columns": {"Force": "mN"}, "time": "Time"})
COCO = {
    "images": [{"id": 1, "file_name": "image.png", "width": 64, "height": 48}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "keypoints": [1, 2, 2, 3, 4, 2], "num_keypoints": 2}],
    "categories": [{"id": 1, "name": "ant", "keypoints": ["head", "tail"], "skeleton": [[1, 2]]}],
}
FILM = {
    "path": "data/film.mov",
    "width": 640,
    "height": 480,
    "fps": 25.0,
    "frame_count": 99,
    "variable_frame_rate": False,
    "size_bytes": 1000,
    "fingerprint": "r",
}
SIDECAR = {
    "source": FILM,
    "output": {**FILM, "path": "film.mp4", "fingerprint": "ab"},
    "to_raw": {"scale": [2.0, 2.0], "offset": [10.5, 0.5]},
    "first_raw_frame": 5,
    "first_raw_time_s": 0.2,
    "keeps_frame_numbers": True,
}
SLEAP_CONFIG = {
    "data": {
        "labels": {"validation_fraction": 0.1, "training_inds": [0, 2], "validation_inds": [1], "skeletons": []},
        "preprocessing": {"ensure_rgb": False, "input_scaling": 0.5, "target_height": None},
        "instance_cropping": {"center_on_part": "thorax", "crop_size": 96, "crop_size_detection_padding": 16},
    },
    "model": {
        "backbone": {"unet": {"max_stride": 16, "output_stride": 4, "filters": 16, "filters_rate": 1.5}, "leap": None},
        "heads": {
            "centered_instance": {"anchor_part": "thorax", "part_names": NODES, "sigma": 2.5, "output_stride": 4},
            "centroid": None,
        },
        "base_checkpoint": None,
    },
    "optimization": {
        "augmentation_config": {"rotate": True, "rotation_min_angle": -180.0, "rotation_max_angle": 180.0},
        "batch_size": 4,
        "optimizer": "adam",
        "learning_rate_schedule": {"reduce_on_plateau": True, "reduction_factor": 0.5},
        "hard_keypoint_mining": {"online_mining": False},
        "early_stopping": {"stop_training_on_plateau": True},
    },
}
RUN = {"seed": 0, "fold": 0, "frames": {part: [["film.mp4", 3], ["b.mp4", 7]] for part in ("train", "val", "test")}}
CONFIG = """videos: ["*.mp4"]
labels: good.slp
results: results  # a folder
merge: {map_nodes: {good.slp: {head: Head}}, search: [.], prefixes: {"D:/": data}}
split: {by: block, fractions: [0.6, 0.2, 0.2], folds: 3}
preprocess: {fps: 25, scale: 0.5}
models:
  centroid: {head: {sigma: 2.5, anchor_part: thorax}, backbone: {unet: {filters: 16}}}
  centered_instance: {input: {crop_size: 96}, head: {anchor_part: thorax}}
grid:
  centroid.head.sigma: [1.5, 2.5]
features: {pixels_per_mm: {"film*": 12.5}}
measurements: {files: "{video}.csv", columns: {Force: mN}, time: Time, sync: [[0, 1.5], [10, 11.5]]}
export: {formats: [parquet, csv]}
"""


@dataclass(frozen=True)
class Kind:
    """One kind of file."""

    write: Callable[[Path], object]
    """Write a good file at a path."""
    read: Callable[[str], object]
    """Read a file in the folder in which we are."""


def _text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content, encoding="utf-8")


def _json(value: Any) -> Callable[[Path], object]:
    return lambda path: write_json(path, value)


# What is read.


def _config(path: str) -> None:
    _plan(load_config(path))


def _plan(config: Config) -> None:
    """Do what the workflow does before its first job."""
    runs = config.runs()
    inputs = find_inputs(config)
    find_measurements(config, inputs.videos)
    find_labelled(config, inputs)
    check_inputs(config, inputs)
    for name in [*(name for name, _ in runs), *inputs.videos]:
        assert name == Path(name).name, f"{name!r} would lie outside of its folder"


def _sleap_settings(path: str) -> None:
    read_sleap_settings(Path(path).parent)
    read_sleap_config(path)


def _node_map(path: str) -> None:
    section(MergeConfig, {"map_nodes": read_yaml(Path(path))})


def _labels(path: str) -> None:
    glance(path)
    labels = read_labels(path)
    merge_labels([path])
    skeleton = skeleton_of(labels)
    for frame in labels.labeled_frames:
        user_points(frame, skeleton)


def _sidecar(path: str) -> None:
    """Do all that is done with what lies beside a video."""
    film = Path(path).with_suffix(".mp4")
    find_raw_video(INFO, film)
    way_back(INFO)
    from_labels(sio.Video(filename="data/film.mov", open_backend=False), film)
    input_entries([], [str(film)])


def _poses(path: str) -> None:
    info = read_info(path)
    for poses in iter_poses(path):
        assert (np.diff(poses.frame_idx) >= 0).all()
        list(poses.by_frame())
        info.skeleton.edge_indices()
    read_poses(path)
    info.to_json()


# What is written.


def _write_labels(path: Path) -> None:
    skeleton = sio.Skeleton(list(NODES), list(SKELETON.edges), [("head", "tail")], name="ant")
    film, tracks = sio.Video(filename="D:/films/film.mp4", open_backend=False), [sio.Track("a"), sio.Track("ü")]
    points = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])
    found = sio.PredictedInstance.from_numpy(np.column_stack([points, [0.5] * 3]), skeleton, score=0.9, track=tracks[1])
    seen = [sio.Instance.from_numpy(points + i, skeleton, track=tracks[0], from_predicted=None) for i in range(3)]
    seen[1].from_predicted = found
    frames = [sio.LabeledFrame(film, 0, [seen[0]]), sio.LabeledFrame(film, 7, [seen[1], found, seen[2]])]
    labels = sio.Labels(frames, videos=[film], skeletons=[skeleton], tracks=tracks)
    labels.suggestions = [sio.SuggestionFrame(film, 30)]
    labels.save(str(path), embed=False, verbose=False)


def _write_poses(path: Path) -> None:
    points = np.arange(36.0).reshape(6, 3, 2)
    points[1, 1] = np.nan
    tracks = ["a", None, "a", "ü", "a", None]
    write_poses(path, make_poses(INFO, frame_idx=[0, 0, 2, 7, 7, 9], points=points, track=tracks))


def _write_analysis(path: Path) -> None:
    """Write a file as SLEAP's analysis export makes it."""
    _write_poses(path.with_suffix(".parquet"))
    export_poses([path.with_suffix(".parquet")], path, format="analysis_h5", coordinates="video")


def _write_joined(path: Path) -> None:
    about = {
        "video": vars(VIDEO),
        "measured": {"Force": "mN"},
        "features": {"angle.LHindLeg": {"unit": "deg", "meaning": "..."}},
    }
    table = pa.table(
        {
            "frame_idx": pa.array([0, 0, 2, 3], pa.int32()),
            "raw_time_s": [0.2, 0.2, 0.4, 0.6],
            "track": pa.array(["a", "b", "a", None]).dictionary_encode(),
            "Force": [1.0, 1.0, float("nan"), 2.0],
            "angle.LHindLeg": pa.array([0.1, 0.2, 0.3, None], pa.float32()),
        }
    )
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: json.dumps(about)}), path)


def _write_weights(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"stack0_enc0_conv0", b"stack0_enc0_act0"]
        group.create_group("stack0_enc0_act0").attrs["weight_names"] = np.zeros(0)
        layer = group.create_group("stack0_enc0_conv0")
        names = [b"stack0_enc0_conv0/kernel:0", b"stack0_enc0_conv0/bias:0"]
        layer.attrs["weight_names"] = names
        layer[names[0]], layer[names[1]] = np.ones((3, 3, 1, 4), np.float32), np.zeros(4, np.float32)


def _write_events(path: Path) -> None:
    sure = {"confidence": 0.93, "x": 12.5, "y": 7.25}
    start = Event(frame_idx=0, kind="start", track="a", other="", gap=0, **sure)
    write_events(path, [start, Event(frame_idx=7, kind="join", track="ü b", other="2", gap=4, **sure)])


def _write_split(path: Path) -> None:
    fold = Fold(train=(("film.mp4", 0), ("film.mp4", 7)), val=(("film.mp4", 30),), test=(("b.mp4", 2),))
    write_split(path, Split(folds=(fold, fold), by="block", fractions=(0.6, 0.2, 0.2), seed=0, notes=("a note",)))


def _write_model(path: Path) -> None:
    config = ModelConfig.model_validate({})
    spec = ModelSpec(model_type="centered_instance", config=config, skeleton=SKELETON, crop_size=96)
    write_spec(path.parent, spec, {"python": "3.11"})


def _figures() -> dict[str, Any]:
    """What our metrics of six matched animals in three frames look like."""
    frames = {"video": ["film.mp4"] * 3, "frame_idx": [3, 50, 90]}
    counts = {"truth": [2, 2, 2], "predicted": [2, 1, 2], "found": [2, 1, 2]}
    return {
        "mode": "strict",
        "frames": 3,
        "dist.avg": 2.5,
        "dist.p50": None,
        "oks_voc.mAP": 0.8,
        "interval.dist.avg": [2.0, None],
        "interval.oks_voc.mAP": [0.7, 0.9],
        "detection.radii": [2.0, 5.0],
        "detection.f1": [0.5, 0.75],
        "body_length.median": 40.0,
        "nodes": {"head": {"p50": 1.0, "p90": None}},
        "per_frame": {**frames, **counts, "oks.sum": [1.5, 0.5, None]},
    }


def _write_metrics(path: Path) -> None:
    distances, thresholds = np.array([[1.0, 2.0, np.nan]] * 4), np.linspace(0.5, 0.95, 10)
    pcks = np.nan_to_num(distances[..., None], nan=99.0) < np.arange(1, 11)
    score = pcks.mean(axis=-1).mean(axis=-1)
    curves = {"match_scores": score, "match_score_thresholds": thresholds, "recalls": np.ones(10), "mAP": 0.5}
    value = {
        "vis.tp": 4,
        "dist.dists": distances,
        "dist.avg": 1.5,
        "dist.frame_idxs": [3, 3, 50, 90],
        "dist.video_paths": ["D:/films/film.mp4"] * 4,
        "pck.pcks": pcks,
        **{f"{kind}.{name}": values for kind in ("oks_voc", "pck_voc") for name, values in curves.items()},
    }
    with path.open("wb") as file:
        np.savez_compressed(file, metrics=np.array(value, object))


TRAINING = "epoch,loss,val_loss,lr\n0,0.5,0.6,0.001\n1,0.1,,0.001\n"
FORCES = "Sensor 3\nTime;Force\ns;mN\n0,5;1,25\n1,0;-\n1,5;2\n"
DLC = "scorer,ann,ann,ann,ann\nbodyparts,head,head,tail,tail\ncoords,x,y,x,y\nimg007.png,1,2,3,4\nimg030.png,5,,7,8\n"
KINDS: dict[str, Kind] = {
    "config.yaml": Kind(_text(CONFIG), _config),
    "nodes.yaml": Kind(_text("a.slp: {Head: head, Tail: null}\n'b ü.slp': {Thorax: thorax}\n"), _node_map),
    "sizes.yaml": Kind(_text("head: 0.025\nthorax: 0.1\n"), lambda path: read_numbers(Path(path))),
    "film.json": Kind(_json(SIDECAR), _sidecar),
    "split.json": Kind(_write_split, read_split),
    "selected.json": Kind(_json({"models": {"centroid": {"run": "base/centroid", "value": 1}}}), selected_folders),
    "model.json": Kind(_write_model, lambda path: read_spec(Path(path).parent)),
    "run/run.json": Kind(_json(RUN), lambda path: read_our_settings(Path(path).parent)),
    "metrics.json": Kind(lambda path: write_json(path, _figures()), lambda path: read_our_part(Path(path), [])),
    "metrics.npz": Kind(_write_metrics, lambda path: read_sleap_part(Path(path), NODES)),
    "training_config.json": Kind(_json(SLEAP_CONFIG), _sleap_settings),
    "training_log.csv": Kind(_text(TRAINING), lambda path: read_log(Path(path))),
    "best_model.h5": Kind(_write_weights, read_layers),
    "labels.slp": Kind(_write_labels, _labels),
    "analysis.h5": Kind(_write_analysis, lambda path: read_frames(path, prefer="predicted")),
    "coco.json": Kind(_json(COCO), _labels),
    "dlc.csv": Kind(_text(DLC), _labels),
    "poses.parquet": Kind(_write_poses, _poses),
    "joined.parquet": Kind(_write_joined, lambda path: read_joined(path, None)),
    "sensor.csv": Kind(_text(FORCES), lambda path: read_samples(path, SENSOR)),
    "events.tsv": Kind(_write_events, read_events),
    "boxes.txt": Kind(_text("1,1,10,20,30,40,1,-1,-1,-1\n3,-1,1.5,2,3,4,0.5\n"), read_mot),
}
"""By the name of the file."""
DOCUMENTS = [name for name in KINDS if name.endswith(".json")]
"""Kinds that are JSON."""
READERS: dict[str, Callable[[Any], object]] = {
    **{name: kind.read for name, kind in KINDS.items()},
    "config": lambda value: _plan(parse_config(value)),
}


def write_surroundings(folder: Path) -> None:
    """Write the good files that lie about when another one is read."""
    (folder / "run").mkdir()
    _write_model(folder / "run" / "model.json")
    _write_labels(folder / "good.slp")
    for name in ("film.mp4", "film.csv"):
        (folder / name).write_text("0")
    for name in ("image.png", "img007.png", "img030.png"):
        cv2.imwrite(str(folder / name), np.zeros((48, 64), np.uint8))
