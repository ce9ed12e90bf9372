"""A training run from files to a run folder that explains itself."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ConfigError
from antpipe.evaluation.jsonable import to_json
from antpipe.files import atomic_path, write_json
from antpipe.geometry import Array, bounding_boxes
from antpipe.labels.read import read_labels, skeleton_of
from antpipe.labels.split import PARTS, Split
from antpipe.labels.split_file import read_split
from antpipe.models.folder import TrainedModel
from antpipe.models.inputs import crop_image
from antpipe.poses import Skeleton
from antpipe.progress import show_progress
from antpipe.provenance import provenance, versions
from antpipe.training.assess import Assessment, assess
from antpipe.training.fit import forget
from antpipe.training.frames import load_frames
from antpipe.training.samples import LabelledFrame
from antpipe.training.train import train_model

EXAMPLES = 12
EXAMPLES_FILE = "examples.npz"


def train_run(
    labels_path: str | Path,
    folder: str | Path,
    *,
    config: ModelConfig,
    model_type: str,
    videos: Mapping[str, Path],
    split: str | Path | Split,
    fold: int = 0,
    seed: int = 0,
) -> None:
    """Train one model and fill its run folder.

    The folder holds `model.json` and `best.weights.h5` (the model), `run.json` (what it was made from, notes),
    `training_log.csv`, `metrics.{train,val,test}.json` and `examples.npz` (for the pictures).

    Args:
        labels_path: the merged labels.
        folder: the run folder; a killed run goes on from its last epoch.
        config: settings of the model.
        model_type: a key of MODEL_TYPES.
        videos: the project's videos by name.
        split: the split, or the file it is in.
        fold: which fold of it.
        seed: of all random draws.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = split if isinstance(split, Split) else read_split(split)
    if not 0 <= fold < len(chosen.folds):
        raise ConfigError(f"fold {fold}: the split has folds 0-{len(chosen.folds) - 1}")
    labels = read_labels(labels_path)
    skeleton = skeleton_of(labels)
    load = partial(load_frames, labels, videos=videos, channels=config.input.channels)
    with show_progress(f"train {model_type}", "steps") as advance:
        parts = {part: load(getattr(chosen.folds[fold], part)) for part in ("train", "val")}
        model, notes = train_model(parts, skeleton, config, model_type, folder, seed=seed, on_progress=advance)
        del parts
    for part in PARTS:
        # One part at a time: the images of a large test part need not lie beside those of training.
        _assess_part(model, load(getattr(chosen.folds[fold], part)), skeleton, folder, part)
    record = provenance(
        "antpipe train", model_type=model_type, seed=seed, fold=fold, versions=versions(), notes=list(notes)
    )
    frames = {part: [list(key) for key in getattr(chosen.folds[fold], part)] for part in PARTS}
    write_json(folder / "run.json", {**record, "frames": frames})
    forget(folder)


def _assess_part(model: TrainedModel, frames: list[LabelledFrame], skeleton: Skeleton, folder: Path, part: str) -> None:
    if not frames:
        write_json(folder / f"metrics.{part}.json", {"frames": 0})
        return
    result = assess(model, frames, skeleton)
    write_json(folder / f"metrics.{part}.json", to_json(result.metrics))
    # The parts come in the order train, val, test: the examples are those of the last one that has frames.
    _write_examples(folder / EXAMPLES_FILE, frames, result, model)


def _write_examples(path: Path, frames: list[LabelledFrame], result: Assessment, model: TrainedModel) -> None:
    """Store a few images with true and predicted points: crops of animals, or whole frames for centroids."""
    step = max(len(frames) // EXAMPLES, 1)
    arrays: dict[str, Array] = {}
    for number, index in enumerate(range(0, len(frames), step)[:EXAMPLES]):
        image, corner = _window(frames[index], model)
        arrays[f"image_{number}"] = image
        arrays[f"truth_{number}"] = result.truth[index] - corner
        arrays[f"predicted_{number}"] = result.predicted[index] - corner
        arrays[f"title_{number}"] = np.array(f"{frames[index].video} frame {frames[index].frame_idx}")
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _window(frame: LabelledFrame, model: TrainedModel) -> tuple[Array, Array]:
    """Return the part of a frame to show, and its first pixel: all of it, or the surroundings of the first animal."""
    boxes = bounding_boxes(frame.points)
    if not MODEL_TYPES[model.spec.model_type].crops or np.isnan(boxes).all():
        return frame.image, np.zeros(2)
    box = boxes[~np.isnan(boxes).any(axis=1)][0]
    size = round((model.spec.crop_size or 0) / model.spec.config.input.scale)
    corner = np.round((box[:2] + box[2:]) / 2 - size / 2).astype(int)
    return crop_image(frame.image, int(corner[0]), int(corner[1]), size), corner
