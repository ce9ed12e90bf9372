"""One training run: labels and settings in, a run folder out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from antpipe.config.model import MODEL_TYPES, ModelConfig
from antpipe.errors import ConfigError, LabelError
from antpipe.files import atomic_path
from antpipe.geometry import Array, padded_size
from antpipe.losses.confidence_map import ConfidenceMapLoss
from antpipe.models.build import build_network
from antpipe.models.folder import TrainedModel
from antpipe.models.spec import WEIGHTS_FILE, ModelSpec, write_spec
from antpipe.poses import Skeleton
from antpipe.progress import Advance
from antpipe.provenance import code_version, versions
from antpipe.training.batches import training_batches, validation_batches
from antpipe.training.fit import fit, write_log
from antpipe.training.samples import (
    LabelledFrame,
    Sample,
    centroid_samples,
    check_crop_size,
    find_crop_size,
    instance_samples,
    nodes_outside,
    scaled,
)

Parts = Mapping[str, list[LabelledFrame]]
"""Labelled frames by part of the split: train, val, test."""


@dataclass(frozen=True)
class Problem:
    """All that a run learns from, ready for the loop."""

    spec: ModelSpec
    train: list[Sample]
    val: list[Sample]
    size: tuple[int, int]
    """Width and height of the network's input."""
    flip_order: Array | None
    notes: tuple[str, ...]


def train_model(
    parts: Parts,
    skeleton: Skeleton,
    config: ModelConfig,
    model_type: str,
    folder: Path,
    *,
    seed: int,
    on_progress: Advance,
) -> tuple[TrainedModel, tuple[str, ...]]:
    """Train one network and write its settings, weights and log to `folder`; return it and notes on the data.

    A run that was killed goes on from its last epoch when called again with the same arguments.

    Raises:
        ConfigError: if the settings do not fit the skeleton or the frames.
        LabelError: if a part that training needs is empty.
    """
    problem = prepare(parts, skeleton, config, model_type)
    keras.utils.set_random_seed(seed)
    network = build_network(config, model_type, problem.spec.maps)
    loss = ConfidenceMapLoss(config.head, config.optimization.hard_keypoints, joint=model_type == "centroid")
    batch_size = config.optimization.batch_size
    steps = max(config.optimization.min_batches_per_epoch, len(problem.train) // batch_size)
    log = fit(
        network,
        loss,
        lambda epoch: training_batches(
            problem.train,
            size=problem.size,
            config=config.augmentation,
            flip_order=problem.flip_order,
            batch_size=batch_size,
            steps=steps,
            seed=seed,
            epoch=epoch,
        ),
        list(validation_batches(problem.val, size=problem.size, batch_size=batch_size)),
        config.optimization,
        steps=steps,
        folder=folder,
        key=_key(problem, seed),
        on_progress=on_progress,
    )
    write_log(folder / "training_log.csv", log)
    write_spec(folder, problem.spec, versions())
    with atomic_path(folder / WEIGHTS_FILE) as temporary:
        network.save_weights(temporary)
    return TrainedModel(spec=problem.spec, network=network, folder=folder, fingerprint=""), problem.notes


def prepare(parts: Parts, skeleton: Skeleton, config: ModelConfig, model_type: str) -> Problem:
    """Return the samples, sizes and the specification that training needs, after checking that all fit together."""
    if model_type not in MODEL_TYPES:
        raise ConfigError(f"unknown model type {model_type!r}; choose one of {list(MODEL_TYPES)}")
    for part in ("train", "val"):
        if not any(np.isfinite(f.points).any() for f in parts.get(part, [])):
            raise LabelError(
                f"split: part {part!r} has no labelled animal; label more frames or change split.fractions"
            )
    names = [config.head.anchor_part] if config.head.anchor_part is not None else []
    names += config.head.part_names or ()
    _check_nodes(names, skeleton)
    if model_type == "centroid":
        return _centroid_problem(parts, skeleton, config)
    return _instance_problem(parts, skeleton, config)


def _centroid_problem(parts: Parts, skeleton: Skeleton, config: ModelConfig) -> Problem:
    spec = ModelSpec(model_type="centroid", config=config, skeleton=skeleton, crop_size=None)
    frames = {part: [scaled(f, spec) for f in parts[part]] for part in ("train", "val")}
    sizes = [f.size for fs in frames.values() for f in fs]
    largest = (max(w for w, _ in sizes), max(h for _, h in sizes))
    anchor = _anchor(config, skeleton)
    train, val = (centroid_samples(frames[part], spec, anchor) for part in ("train", "val"))
    return Problem(spec, train, val, padded_size(largest, config.backbone.max_stride), None, ())


def _instance_problem(parts: Parts, skeleton: Skeleton, config: ModelConfig) -> Problem:
    stride = config.backbone.max_stride
    nodes = [skeleton.nodes.index(n) for n in config.head.part_names or skeleton.nodes]
    kept = tuple(skeleton.nodes[i] for i in nodes)
    part_skeleton = Skeleton(
        nodes=kept,
        edges=tuple(e for e in skeleton.edges if set(e) <= set(kept)),
        symmetries=tuple(s for s in skeleton.symmetries if set(s) <= set(kept)),
    )
    whole = ModelSpec(model_type="centered_instance", config=config, skeleton=part_skeleton, crop_size=None)
    frames = {part: [scaled(f, whole) for f in parts[part]] for part in ("train", "val")}
    both = [f for fs in frames.values() for f in fs]
    wanted = config.input.crop_size
    crop_size = -(-wanted // stride) * stride if wanted else find_crop_size(both, config.input.crop_padding, stride)
    check_crop_size(crop_size, both)
    spec = ModelSpec(model_type="centered_instance", config=config, skeleton=part_skeleton, crop_size=crop_size)
    anchor = _anchor(config, skeleton)
    train, val = (instance_samples(frames[part], spec, anchor, nodes) for part in ("train", "val"))
    outside = nodes_outside(train, crop_size)
    notes = (
        (f"{outside:.1%} of the labelled nodes lie outside of the crop of {crop_size} px; raise input.crop_size",)
        if outside > 0.005
        else ()
    )
    return Problem(spec, train, val, (crop_size, crop_size), part_skeleton.flip_order(), notes)


def _anchor(config: ModelConfig, skeleton: Skeleton) -> int | None:
    return None if config.head.anchor_part is None else skeleton.nodes.index(config.head.anchor_part)


def _check_nodes(names: list[str], skeleton: Skeleton) -> None:
    unknown = [name for name in names if name not in skeleton.nodes]
    if unknown:
        raise ConfigError(f"head: unknown nodes {unknown}; the labels' skeleton has {list(skeleton.nodes)}")


def _key(problem: Problem, seed: int) -> str:
    """Return a hash of all that determines the run: settings, samples, seed, versions, code."""
    digest = hashlib.sha256()
    settings = [problem.spec.config.model_dump(mode="json"), problem.size, seed, versions(), code_version(__name__)]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for sample in (*problem.train, *problem.val):
        for array in (sample.image, sample.points, sample.centre):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
