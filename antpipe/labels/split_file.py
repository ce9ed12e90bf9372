"""The JSON file of a split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from antpipe.errors import LabelError, reason
from antpipe.files import read_json, write_json
from antpipe.labels.fold import PARTS, Fold, FrameKey, nearest_training_frames
from antpipe.labels.split import Split


def write_split(path: str | Path, split: Split) -> None:
    """Write a split as JSON: how it was drawn, and for each fold its parts as lists of [video, frame index].

    Each fold also says how far (in frames) validation and test lie from the nearest training frame of their video:
    smallest and median distance, null where no frame has one.
    """
    value = {
        "by": split.by,
        "fractions": split.fractions,
        "seed": split.seed,
        "block_frames": split.block_frames,
        "min_gap": split.min_gap,
        "max_frames": split.max_frames,
        "notes": split.notes,
        "folds": [
            {
                **{part: getattr(fold, part) for part in PARTS},
                "frames_to_nearest_train": {part: _distances(fold, part) for part in ("val", "test")},
            }
            for fold in split.folds
        ],
    }
    write_json(path, value)


def read_split(path: str | Path) -> Split:
    """Return the split of a JSON file.

    Raises:
        LabelError: if the file is missing or is not a split.
    """
    if not Path(path).is_file():
        raise LabelError(f"{path}: split file not found; make it with antpipe split")
    try:
        value = read_json(path)
        folds = tuple(_read_fold(fold) for fold in value["folds"])
        if not folds:
            raise ValueError("no folds")
        fractions = value["fractions"]
        return Split(
            folds=folds,
            by=value["by"],
            fractions=None if fractions is None else tuple(fractions),
            seed=value["seed"],
            block_frames=value["block_frames"],
            min_gap=value.get("min_gap"),
            max_frames=value["max_frames"],
            notes=tuple(value["notes"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise LabelError(
            f"{path}: expected a split as antpipe split writes it, but it cannot be read ({reason(error)}); make it "
            "again"
        ) from error


def _read_fold(fold: Mapping[str, Any]) -> Fold:
    return Fold(**{part: tuple(_read_key(key) for key in fold[part]) for part in PARTS})


def _read_key(key: Sequence[Any]) -> FrameKey:
    video, frame_idx = key
    return str(video), int(frame_idx)


def _distances(fold: Fold, part: str) -> dict[str, float | None]:
    found = [distance for distance in nearest_training_frames(fold, part) if distance is not None]
    return {"min": min(found, default=None), "median": median(found) if found else None}
