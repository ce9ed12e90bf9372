"""How often animals that a model found also got their right names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from antpipe.evaluation.body import body_lengths
from antpipe.evaluation.frames import Frame, pair_all_frames, seen_instances
from antpipe.evaluation.oks import STDDEV
from antpipe.evaluation.scene import make_scene


def class_metrics(truth: Sequence[Frame], predicted: Sequence[Frame], classes: Sequence[str]) -> dict[str, Any]:
    """Return how often found animals are named rightly; who is found is decided by nodes alone, as in `strict_metrics`.

    Frames hold the names in `tracks`.

    Returns:
        Under `identity.`: `classes`; `confusion`, animals by true class (rows) and predicted one, of which the last
        column is those without a name; `accuracy`, the share of found animals with the right name, and `named`, with
        any name, NaN if none was found; `unknown`, found animals whose name the labels do not say, which do not count.
    """
    numbers: dict[str | None, int] = {name: number for number, name in enumerate(classes)}
    confusion = np.zeros((len(classes), len(classes) + 1), int)
    unknown = 0
    for true, found in _pairs(truth, predicted):
        if true in numbers:
            confusion[numbers[true], numbers.get(found, len(classes))] += 1
        else:
            unknown += 1
    total = confusion.sum()
    values = {
        "classes": list(classes),
        "confusion": confusion,
        "accuracy": np.trace(confusion) / total if total else np.nan,
        "named": confusion[:, :-1].sum() / total if total else np.nan,
        "unknown": unknown,
    }
    return {f"identity.{name}": value for name, value in values.items()}


def _pairs(truth: Sequence[Frame], predicted: Sequence[Frame]) -> list[tuple[str | None, str | None]]:
    """Return the true and the predicted name of every animal that was found."""
    frames = [(seen_instances(t), seen_instances(p)) for t, p in pair_all_frames(truth, predicted)]
    names = []
    for (true, found), lengths in zip(frames, body_lengths([t.points for t, _ in frames], None), strict=True):
        columns = range(true.points.shape[1])
        scene = make_scene(true, found, columns, lengths, np.full(len(columns), STDDEV))
        names += [(_name(true, i), _name(found, j)) for i, j in zip(scene.found, scene.by, strict=True)]
    return names


def _name(frame: Frame, row: int) -> str | None:
    return frame.tracks[row] if frame.tracks else None
