"""The animals that a model learns to tell apart, from the tracks of labelled frames."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ConfigError, LabelError
from antpipe.training.samples import LabelledFrame, class_indices

Parts = Mapping[str, Sequence[LabelledFrame]]


def find_classes(parts: Parts, config: ModelConfig, model_type: str) -> tuple[str, ...]:
    """Return the animals that a model tells apart: those of the settings, else all tracks of the training frames.

    A name stands for the same animal in all videos. Empty for models that tell no animals apart.

    Raises:
        ConfigError: if the settings name a class twice, or one that no training frame has.
        LabelError: if there are not two animals to tell apart, or a frame has two instances of one.
    """
    kind = MODEL_TYPES[model_type]
    if not kind.classes:
        return ()
    seen = sorted({track for f in parts["train"] for track in f.tracks if track is not None})
    if not seen:
        raise LabelError(f"{model_type}: expected labels with tracks, but no training frame has one; assign tracks")
    classes = config.head.classes_of(kind) or tuple(seen)
    unknown, twice = sorted(set(classes) - set(seen)), _twice(classes)
    if unknown:
        raise ConfigError(f"{model_type}: no training frame has the classes {unknown}; its tracks are {seen}")
    if twice:
        raise ConfigError(f"{model_type}: expected each class once, but {twice} come more often; leave them out")
    if len(classes) < 2:
        raise LabelError(
            f"{model_type}: expected two or more animals to tell apart, got {list(classes)}; assign more tracks, "
            "or train a model that tells none apart"
        )
    for frame in (f for part in ("train", "val") for f in parts[part]):
        doubles = _twice([track for track in frame.tracks if track in classes])
        if doubles:
            raise LabelError(
                f"{frame.video} frame {frame.frame_idx}: expected each animal once, but the tracks {doubles} have "
                "several instances; correct the labels"
            )
    return classes


def class_notes(parts: Parts, classes: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence on the animals of each part that have none of the classes, and on classes that it lacks."""
    notes = []
    for part in ("train", "val") if classes else ():
        frames = parts[part]
        visible = [np.isfinite(f.points).all(axis=-1).any(axis=-1) for f in frames]
        numbers = np.concatenate([class_indices(f, classes)[seen] for f, seen in zip(frames, visible, strict=True)])
        strangers, missing = int((numbers < 0).sum()), sorted(set(classes) - {classes[n] for n in numbers if n >= 0})
        if strangers:
            notes.append(f"{part}: {strangers} of {len(numbers)} animals have no track of the classes {list(classes)}")
        if missing:
            notes.append(f"{part}: no animal of the classes {missing}, so that they are not judged")
    return tuple(notes)


def _twice(names: Sequence[str | None]) -> list[str | None]:
    return [name for name, count in Counter(names).items() if count > 1]
