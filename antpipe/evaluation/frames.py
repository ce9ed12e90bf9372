"""Frames of instances, as the metrics compare them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from antpipe.geometry import Array


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The instances of one frame."""

    video: str
    """The same text in truth and predictions for the same video."""
    frame_idx: int
    points: Array
    """(instances, nodes, 2) float64 in pixels; NaN where not visible."""
    scores: Array
    """(instances,) float64"""
    tracks: tuple[str | None, ...] = ()
    """Name of each instance's track, or None; empty where nobody asks."""


def pair_frames(truth: Sequence[Frame], predicted: Sequence[Frame]) -> Iterator[tuple[Frame, Frame | None]]:
    """Yield each truth frame, in order, with the predicted frame of the same video and index, or None."""
    lookup: dict[tuple[str, int], Frame] = {}
    for frame in predicted:
        lookup.setdefault((frame.video, frame.frame_idx), frame)
    for frame in truth:
        yield frame, lookup.get((frame.video, frame.frame_idx))


def pair_all_frames(truth: Sequence[Frame], predicted: Sequence[Frame]) -> list[tuple[Frame, Frame]]:
    """Return each truth frame with the predicted one; where there is none, with a frame without instances."""
    return [(true, other or _without_instances(true)) for true, other in pair_frames(truth, predicted)]


def frame_counts(truth: Sequence[Frame], predicted: Sequence[Frame]) -> dict[str, int]:
    """Return how many true frames there are, how many of them lack a prediction, and how many others have one."""
    labelled = {(f.video, f.frame_idx) for f in truth}
    examined = {(f.video, f.frame_idx) for f in predicted}
    return {
        "frames.truth": len(labelled),
        "frames.without_prediction": len(labelled - examined),
        "frames.not_labelled": len(examined - labelled),
    }


def seen_instances(frame: Frame, nodes: Sequence[int] | slice = slice(None)) -> Frame:
    """Return the frame without instances that have no visible node among `nodes`."""
    seen = np.asarray(np.isfinite(frame.points[:, nodes]).all(axis=-1).any(axis=-1))
    tracks = tuple(track for track, keep in zip(frame.tracks, seen, strict=False) if keep)
    return replace(frame, points=frame.points[seen], scores=frame.scores[seen], tracks=tracks)


def _without_instances(frame: Frame) -> Frame:
    return replace(frame, points=frame.points[:0], scores=frame.scores[:0], tracks=())
