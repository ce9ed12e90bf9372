"""Trackers to compare with, written from their descriptions: SORT (Bewley 2016) and ByteTrack (Zhang 2022)."""

import itertools

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.evaluation.similarity import box_similarity
from antpipe.geometry import bounding_boxes
from antpipe.poses import Poses


def sort(poses: Poses, *, lost: int = 1, least: float = 0.3) -> np.ndarray:
    """Return tracks (rows,) as SORT gives them: boxes, a Kalman filter of constant velocity, overlap, Hungarian.

    `lost` is the number of frames for which an unseen track stays, 1 as in the paper.
    """
    return _motion_tracks(poses, lost=lost, stages=[(0.0, least)])


def bytetrack(poses: Poses, *, lost: int = 30, high: float = 0.6) -> np.ndarray:
    """Return tracks (rows,) as ByteTrack gives them: sure instances first, then unsure ones; only sure ones start."""
    return _motion_tracks(poses, lost=lost, stages=[(high, 0.2), (0.0, 0.5)])


def _motion_tracks(poses: Poses, *, lost: int, stages: list[tuple[float, float]]) -> np.ndarray:
    tracks, filters, names = np.full(len(poses), -1), {}, itertools.count()
    boxes = bounding_boxes(poses.points)
    states = np.stack(
        [
            (boxes[:, 0] + boxes[:, 2]) / 2,
            (boxes[:, 1] + boxes[:, 3]) / 2,
            boxes[:, 2] - boxes[:, 0],
            boxes[:, 3] - boxes[:, 1],
        ],
        axis=-1,
    )
    score = poses.instance_score / max(1.0, float(np.nanmax(poses.instance_score, initial=1.0)))
    for frame, rows in poses.by_frame():
        filters = {name: f for name, f in filters.items() if frame - f.seen <= lost + 1}
        for f in filters.values():
            f.predict()
        left = [r for r in range(rows.start, rows.stop) if np.isfinite(states[r]).all()]
        free = list(filters)
        for high, least in stages:
            sure = [r for r in left if score[r] >= high]
            pairs = _overlap_pairs([filters[n].x[:4] for n in free], states[sure], least)
            for i, j in pairs:
                filters[free[i]].update(states[sure[j]], frame)
                tracks[sure[j]] = free[i]
            taken = {i for i, _ in pairs}
            free = [n for i, n in enumerate(free) if i not in taken]
            left = [r for r in left if tracks[r] < 0]
        for r in left:
            if score[r] >= stages[0][0]:
                name = next(names)
                filters[name] = _Kalman(states[r], frame)
                tracks[r] = name
    return tracks


class _Kalman:
    """Constant velocity of a box's middle and sides; noise grows with the box, as in ByteTrack."""

    def __init__(self, box: np.ndarray, frame: int) -> None:
        side = max(box[2:].max(), 1.0)
        self.x = np.concatenate([box, np.zeros(4)])
        self.p = np.diag(np.array([0.1] * 4 + [0.06] * 4) * side) ** 2
        self.seen = frame

    def predict(self) -> None:
        f = np.eye(8) + np.eye(8, k=4)
        side = max(self.x[2:4].max(), 1.0)
        self.x = f @ self.x
        self.p = f @ self.p @ f.T + np.diag(np.array([0.05] * 4 + [0.00625] * 4) * side) ** 2

    def update(self, box: np.ndarray, frame: int) -> None:
        side = max(self.x[2:4].max(), 1.0)
        gain = self.p[:, :4] @ np.linalg.inv(self.p[:4, :4] + np.eye(4) * (0.05 * side) ** 2)
        self.x = self.x + gain @ (box - self.x[:4])
        self.p = self.p - gain @ self.p[:4]
        self.seen = frame


def _overlap_pairs(tracks: list[np.ndarray], boxes: np.ndarray, least: float) -> list[tuple[int, int]]:
    if not len(tracks) or not len(boxes):
        return []
    overlap = box_similarity(_corners(np.array(tracks)), _corners(boxes))
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return [(r, c) for r, c in zip(rows, columns, strict=True) if overlap[r, c] >= least]


def _corners(states: np.ndarray) -> np.ndarray:
    middle, half = states[:, :2], np.maximum(states[:, 2:4], 0) / 2
    return np.stack([middle - half, middle + half], axis=1)
