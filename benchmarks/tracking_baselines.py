"""Trackers to compare with, written from their descriptions: SLEAP 1.3's simple tracker, SORT and ByteTrack."""

import itertools
from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.optimize import linear_sum_assignment

from antpipe.evaluation.similarity import box_similarity
from antpipe.geometry import bounding_boxes
from antpipe.poses import Poses

Tracker = Callable[[Poses], np.ndarray]


def sleap_simple(poses: Poses, *, similarity: str, match: str, window: int) -> np.ndarray:
    """Return tracks (rows,) as SLEAP 1.3's `simple` tracker gives them: the best candidate of the last frames counts.

    There is no threshold: an instance is glued to any track that is still in the window.
    """
    names = itertools.count()
    tracks = np.full(len(poses), -1)
    past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=window)
    for _, rows in _frames(poses):
        points = poses.points[rows].astype(float)
        known = list(dict.fromkeys(t for ids, _ in past for t in ids))
        here = np.full(len(points), -1)
        if known and len(points):
            value = np.full((len(known), len(points)), -np.inf)
            for ids, candidates in past:
                found = _SIMILARITIES[similarity](candidates, points)
                for i, track in enumerate(ids):
                    row = known.index(track)
                    value[row] = np.fmax(value[row], found[i])
            cost = np.where(np.isnan(value) | np.isinf(value), 1e9, -value)
            for r, c in _MATCHES[match](cost):
                if cost[r, c] < 1e9:
                    here[c] = known[r]
        here = np.array([next(names) if t < 0 else t for t in here], int)
        tracks[rows] = here
        past.append((here, points))
    return tracks


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
    for frame, rows in _frames(poses):
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


def _instance_similarity(candidates: np.ndarray, points: np.ndarray) -> np.ndarray:
    squared = ((candidates[:, None] - points[None]) ** 2).sum(axis=-1)
    seen = (~np.isnan(candidates[..., 0])).sum(axis=1)[:, None]
    return np.nansum(np.exp(-squared), axis=-1) / np.maximum(seen, 1)


def _centroid_similarity(candidates: np.ndarray, points: np.ndarray) -> np.ndarray:
    a, b = np.nanmedian(candidates, axis=1), np.nanmedian(points, axis=1)
    return -np.linalg.norm(a[:, None] - b[None], axis=-1)


_SIMILARITIES = {"instance": _instance_similarity, "centroid": _centroid_similarity, "iou": box_similarity}


def _greedy(cost: np.ndarray) -> list[tuple[int, int]]:
    cost, pairs = cost.copy(), []
    for _ in range(min(cost.shape)):
        r, c = np.unravel_index(cost.argmin(), cost.shape)
        pairs.append((int(r), int(c)))
        cost[r], cost[:, c] = np.inf, np.inf
    return pairs


def _hungarian(cost: np.ndarray) -> list[tuple[int, int]]:
    return list(zip(*linear_sum_assignment(cost), strict=True))


_MATCHES = {"greedy": _greedy, "hungarian": _hungarian}


def _frames(poses: Poses):
    return poses.by_frame()


BASELINES: dict[str, Tracker] = {
    **{
        f"SLEAP simple, {similarity}, {match}, {window}": partial(
            sleap_simple, similarity=similarity, match=match, window=window
        )
        for similarity in ("instance", "centroid", "iou")
        for match in ("greedy", "hungarian")
        for window in (5, 15)
    },
    "SORT": sort,
    "SORT, 12 frames": partial(sort, lost=12),
    "ByteTrack": bytetrack,
}
