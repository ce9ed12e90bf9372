"""Frames of instances, as the metrics compare them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress

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
    point_scores: Array | None = None
    """(instances, nodes) float64; None where the points have no scores."""

    def with_instances(self, keep: Array) -> "Frame":
        """Return the frame with the instances of which `keep` (instances,) is True."""
        return replace(
            self,
            points=self.points[keep],
            scores=self.scores[keep],
            tracks=tuple(compress(self.tracks, keep)),
            point_scores=None if self.point_scores is None else self.point_scores[keep],
        )

    def with_nodes(self, columns: Sequence[int]) -> "Frame":
        """Return the frame with the nodes at these columns; -1 stands for a node that it does not have (NaN)."""
        points = np.pad(self.points, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)[:, columns]
        if self.point_scores is None:
            return replace(self, points=points)
        scores = np.pad(self.point_scores, ((0, 0), (0, 1)), constant_values=np.nan)[:, columns]
        return replace(self, points=points, point_scores=scores)


def pair_frames(truth: Sequence[Frame], predicted: Sequence[Frame]) -> Iterator[tuple[Frame, Frame | None]]:
    """Yield each truth frame, in order, with the predicted frame of the same video and index, or None."""
    lookup: dict[tuple[str, int], Frame] = {}
    for frame in predicted:
        lookup.setdefault((frame.video, frame.frame_idx), frame)
    for frame in truth:
        yield frame, lookup.get((frame.video, frame.frame_idx))


def pair_all_frames(truth: Sequence[Frame], predicted: Sequence[Frame]) -> list[tuple[Frame, Frame]]:
    """Return each truth frame with the predicted one; where there is none, with a frame without instances."""
    return [(true, other or without_instances(true)) for true, other in pair_frames(truth, predicted)]


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
    return frame.with_instances(np.asarray(np.isfinite(frame.points[:, nodes]).all(axis=-1).any(axis=-1)))


def without_instances(frame: Frame) -> Frame:
    """Return the frame without any instance."""
    return frame.with_instances(np.zeros(len(frame.points), bool))
