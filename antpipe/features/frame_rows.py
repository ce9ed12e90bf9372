"""The rows of the joined table: chosen tracks, and frames without any of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo, empty_poses


class FrameRows(NamedTuple):
    """Some rows of the joined table, by frame."""

    frame_idx: Array
    """(rows,) int32."""
    time_s: Array
    """(rows,) float64."""
    track: Array
    """(rows,) object; None where a frame has none of the tracks."""
    features: dict[str, Array]
    """(rows,) float32 each; NaN where a frame has none of the tracks."""


def frame_rows(parts: Iterable[Poses], info: PosesInfo, tracks: Sequence[str] | None) -> Iterator[FrameRows]:
    """Yield a row for each frame and chosen track (None: every track), and one for each other frame examined.

    A frame without instances is as long after the last one that has some as the frame rate says.
    """
    rest = np.concatenate([np.arange(*span, dtype=np.int32) for span in info.frames] or [np.zeros(0, np.int32)])
    known = (np.zeros(1, np.int32), np.zeros(1))
    for poses in parts:
        if len(poses):
            known = (np.append(known[0][-1], poses.frame_idx), np.append(known[1][-1], poses.time_s))
            upto = np.searchsorted(rest, poses.frame_idx[-1], side="right")
            yield _fill(_chosen(poses, tracks), rest[:upto], known, info.video.fps)
            rest = rest[upto:]
    yield _fill(empty_poses(info), rest, known, info.video.fps)


def _chosen(poses: Poses, tracks: Sequence[str] | None) -> Poses:
    return poses[[name is not None and (tracks is None or name in tracks) for name in poses.track]]


def _fill(poses: Poses, frames: Array, known: tuple[Array, Array], fps: float) -> FrameRows:
    """Return the rows of poses, and one for each of the other frames; times of some frames are known."""
    lone = np.setdiff1d(frames, poses.frame_idx)
    before = np.searchsorted(known[0], lone, side="right") - 1
    lone_times = known[1][before] + (lone - known[0][before]) / fps
    order = np.argsort(np.concatenate([poses.frame_idx, lone]), kind="stable")

    def both(values: Array, others: Array) -> Array:
        return np.concatenate([values, others])[order]

    return FrameRows(
        frame_idx=both(poses.frame_idx, lone),
        time_s=both(poses.time_s, lone_times),
        track=both(poses.track, np.full(len(lone), None, object)),
        features={n: both(v, np.full(len(lone), np.nan, np.float32)) for n, v in poses.features.items()},
    )
