"""A training run from files to a run folder that explains itself."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.errors import ConfigError
from antpipe.evaluation.jsonable import to_json
from antpipe.files import write_json
from antpipe.labels.read import read_labels, skeleton_of
from antpipe.labels.split import PARTS, Split
from antpipe.labels.split_file import read_split
from antpipe.models.folder import TrainedModel
from antpipe.poses import Skeleton
from antpipe.progress import show_progress
from antpipe.provenance import provenance, versions
from antpipe.training.assess import assess
from antpipe.training.examples import Arrays, example_arrays, sight_arrays, write_examples
from antpipe.training.frames import load_frames
from antpipe.training.resume import forget
from antpipe.training.samples import LabelledFrame
from antpipe.training.train import train_model


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
        model, notes, sight = train_model(parts, skeleton, config, model_type, folder, seed=seed, on_progress=advance)
        pictures = sight_arrays(parts["train"], model.spec, sight)
        del parts
    examples: Arrays = {}
    for part in PARTS:
        # One part at a time: the images of a large test part need not lie beside those of training. The examples are
        # those of the last part that has frames.
        examples = _assess_part(model, load(getattr(chosen.folds[fold], part)), skeleton, folder, part) or examples
    write_examples(folder, examples | pictures)
    field = None if np.isinf(sight.field) else sight.field
    record = provenance(
        "antpipe train",
        model_type=model_type,
        seed=seed,
        fold=fold,
        versions=versions(),
        notes=list(notes),
        input_px={"receptive_field": field, "median_animal": sight.animal},
    )
    frames = {part: [list(key) for key in getattr(chosen.folds[fold], part)] for part in PARTS}
    write_json(folder / "run.json", {**record, "frames": frames})
    forget(folder)


def _assess_part(
    model: TrainedModel, frames: list[LabelledFrame], skeleton: Skeleton, folder: Path, part: str
) -> Arrays | None:
    """Write the metrics of a part of the split; return the examples from it, if it has frames."""
    if not frames:
        write_json(folder / f"metrics.{part}.json", {"frames": 0})
        return None
    result = assess(model, frames, skeleton)
    write_json(folder / f"metrics.{part}.json", to_json(result.metrics))
    return example_arrays(frames, result, model.spec)
