"""What a run folder stores about one part of its split: figures, their intervals, and values per frame and node."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.errors import ModelError, reason
from antpipe.evaluation.measures import scalars
from antpipe.files import read_json
from antpipe.labels.split import FrameKey

ByFrame = Mapping[str, Mapping[FrameKey, float]]

_SHARES = {
    "oks.mOKS": ("oks.sum", "truth"),
    "instances.recall": ("found", "truth"),
    "instances.precision": ("found", "predicted"),
}
"""Values per frame that are one column of `per_frame` divided by another."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The stored evaluation of one part of the split."""

    mode: str
    """How it was measured: figures of two modes do not rank with each other."""
    values: Mapping[str, float]
    """Single figures by key, see `scalars`."""
    intervals: Mapping[str, tuple[float, float]]
    """95 % intervals of figures, where they are stored."""
    frames: frozenset[FrameKey]
    """The frames it was measured on. SLEAP's files name only those in which something was found."""
    by_frame: ByFrame
    """Values of single frames, such as `dist.avg`, `dist.p50`, `oks.mOKS`, `pck.mPCK`, `instances.precision` and
    `instances.recall`, as far as they are stored and not NaN."""
    node_errors: Mapping[str, Mapping[str, float]]
    """`p50` and `p90` of the distances in pixels by node; NaN where a node was never found."""


def read_our_part(path: Path, frames: Collection[FrameKey]) -> Part | None:
    """Return what `metrics.{part}.json` of our run folder says; None if the part has no frames.

    Raises:
        ModelError: if the file is not as we write it.
    """
    try:
        metrics = read_json(path)
        return None if metrics.get("frames") == 0 else _from_json(metrics, frames)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise ModelError(
            f"{path}: expected metrics as antpipe train writes them, but the file cannot be read ({reason(error)}); "
            "train again"
        ) from error


def _from_json(metrics: Mapping[str, Any], frames: Collection[FrameKey]) -> Part:
    errors = {
        name: {key: np.nan if node[key] is None else float(node[key]) for key in ("p50", "p90")}
        for name, node in metrics.get("nodes", {}).items()
    }
    return Part(
        mode=str(metrics.get("mode", "unknown")),
        values=scalars(metrics),
        intervals=stored_intervals(metrics),
        frames=frozenset(frames),
        by_frame=_from_columns(metrics.get("per_frame") or {}),
        node_errors=errors,
    )


def stored_intervals(metrics: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the intervals among metrics (`interval.X` is [low, high]) by the key of their figure; no NaN."""
    pairs = {k.removeprefix("interval."): np.array(v, float) for k, v in metrics.items() if k.startswith("interval.")}
    return {key: (float(low), float(high)) for key, (low, high) in pairs.items() if np.isfinite([low, high]).all()}


def _from_columns(columns: Mapping[str, Sequence[Any]]) -> ByFrame:
    """Return the values of single frames from the columns of our `per_frame`, with the shares that follow from them."""
    if not columns:
        return {}
    keys = list(zip(map(str, columns["video"]), map(int, columns["frame_idx"]), strict=True))
    numbers = {key: np.array(v, float) for key, v in columns.items() if key not in ("video", "frame_idx")}
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = {
            name: numbers[part] / numbers[whole]
            for name, (part, whole) in _SHARES.items()
            if part in numbers and whole in numbers
        }
    return {name: finite(zip(keys, values, strict=True)) for name, values in {**numbers, **shares}.items()}


def finite(pairs: Iterable[tuple[FrameKey, float]]) -> dict[FrameKey, float]:
    """Return the values by frame that are numbers."""
    return {key: float(value) for key, value in pairs if np.isfinite(value)}
