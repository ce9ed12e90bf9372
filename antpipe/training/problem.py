"""What a training run learns from: samples, sizes and the model's specification, after checking that all fit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ConfigError, LabelError
from antpipe.geometry import Array, padded_size
from antpipe.inference.grouping import nodes_apart
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton
from antpipe.training.classes import class_notes, find_classes
from antpipe.training.samples import (
    LabelledFrame,
    Sample,
    centroid_samples,
    check_crop_size,
    find_crop_size,
    frame_samples,
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
    """Width and height of the network's input in validation."""
    window: tuple[int, int]
    """The same in training: a part of the frame with `random_crop`."""
    flip_order: Array
    notes: tuple[str, ...]


def prepare(parts: Parts, skeleton: Skeleton, config: ModelConfig, model_type: str) -> Problem:
    """Return the samples, sizes and the specification that training needs, after checking that all fit together."""
    if model_type not in MODEL_TYPES:
        raise ConfigError(f"unknown model type {model_type!r}; choose one of {list(MODEL_TYPES)}")
    for part in ("train", "val"):
        if not any(np.isfinite(f.points).any() for f in parts.get(part, [])):
            raise LabelError(
                f"split: part {part!r} has no labelled animal; label more frames or change split.fractions"
            )
    try:
        config.check_type(model_type)
    except ValueError as error:
        raise ConfigError(f"models.{model_type}: {error}") from error
    names = [config.head.anchor_part] if config.head.anchor_part is not None else []
    names += config.head.part_names or ()
    _check_nodes(names, skeleton)
    kind = MODEL_TYPES[model_type]
    nodes = [skeleton.nodes.index(n) for n in config.head.part_names or skeleton.nodes] if kind.nodes else None
    spec = ModelSpec(
        model_type=model_type,
        config=config,
        skeleton=skeleton if nodes is None else _with_nodes(skeleton, nodes),
        crop_size=None,
        classes=find_classes(parts, config, model_type),
    )
    if "pafs" in kind.heads:
        _check_edges(spec.skeleton, model_type)
    frames = {part: [scaled(f, spec) for f in parts[part]] for part in ("train", "val")}
    anchor = None if config.head.anchor_part is None else skeleton.nodes.index(config.head.anchor_part)
    if kind.crops:
        problem = _problem_of_crops(frames, spec, anchor, nodes or [])
    else:
        problem = _problem_of_frames(frames, spec, anchor, nodes)
    return replace(problem, notes=(*problem.notes, *class_notes(parts, spec.classes)))


def _problem_of_frames(frames: Parts, spec: ModelSpec, anchor: int | None, nodes: list[int] | None) -> Problem:
    sizes = [f.size for part in frames.values() for f in part]
    largest = (max(w for w, _ in sizes), max(h for _, h in sizes))
    if MODEL_TYPES[spec.model_type].alone:
        _refuse_company([f for part in frames.values() for f in part])
    train, val = (
        centroid_samples(frames[part], anchor) if nodes is None else frame_samples(frames[part], spec, nodes)
        for part in ("train", "val")
    )
    flip_order = np.zeros(1, int) if nodes is None else spec.skeleton.flip_order()
    stride, wanted = spec.config.backbone.max_stride, spec.config.augmentation.random_crop
    size = padded_size(largest, stride)
    window = size if wanted is None else tuple(np.minimum(padded_size(wanted, stride), size).tolist())
    return Problem(spec, train, val, size, window, flip_order, ())


def _problem_of_crops(frames: Parts, spec: ModelSpec, anchor: int | None, nodes: list[int]) -> Problem:
    stride, wanted = spec.config.backbone.max_stride, spec.config.input.crop_size
    both = [f for part in frames.values() for f in part]
    padding = spec.config.input.crop_padding
    crop_size = -(-wanted // stride) * stride if wanted else find_crop_size(both, padding, stride)
    check_crop_size(crop_size, both)
    spec = replace(spec, crop_size=crop_size)
    train, val = (instance_samples(frames[part], spec, anchor, nodes) for part in ("train", "val"))
    outside = nodes_outside(train, crop_size)
    notes = (
        (f"{outside:.1%} of the labelled nodes lie outside of the crop of {crop_size} px; raise input.crop_size",)
        if outside > 0.005
        else ()
    )
    size = (crop_size, crop_size)
    return Problem(spec, train, val, size, size, spec.skeleton.flip_order(), notes)


def _with_nodes(skeleton: Skeleton, nodes: list[int]) -> Skeleton:
    kept = tuple(skeleton.nodes[i] for i in nodes)
    return Skeleton(
        nodes=kept,
        edges=tuple(e for e in skeleton.edges if set(e) <= set(kept)),
        symmetries=tuple(s for s in skeleton.symmetries if set(s) <= set(kept)),
    )


def _refuse_company(frames: list[LabelledFrame]) -> None:
    for frame in frames:
        if np.isfinite(frame.points).all(axis=-1).any(axis=-1).sum() > 1:
            raise LabelError(
                f"{frame.video} frame {frame.frame_idx}: single_instance models are for one animal per frame, but "
                f"{len(frame.points)} are labelled; train centroid and centered_instance models"
            )


def _check_nodes(names: list[str], skeleton: Skeleton) -> None:
    unknown = [name for name in names if name not in skeleton.nodes]
    if unknown:
        raise ConfigError(f"head: unknown nodes {unknown}; the labels' skeleton has {list(skeleton.nodes)}")


def _check_edges(skeleton: Skeleton, model_type: str) -> None:
    apart = nodes_apart(skeleton) if skeleton.edges else list(skeleton.nodes)
    if apart:
        raise ConfigError(
            f"{model_type}: expected edges that join all nodes into one body, but none leads to {apart}; add edges to "
            "the labels' skeleton, leave these nodes out of head.part_names, or train centroid and centered_instance"
        )
