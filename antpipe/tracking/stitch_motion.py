"""How the animals of a film move, learned from it: what an unseen animal may have done in a number of frames."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.tracking.stitch_rows import Rows, evenly

SPAN = 5
"""Frames over which a velocity is measured."""
LAGS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256])
"""Frames after which an animal's place is compared with what was expected."""
MEMORIES = 2.0 ** np.arange(7)
"""Frames for which animals may keep their velocity; one is chosen."""
SAMPLES = 300
"""Animals of each part of the film that are looked at for each lag."""
ROWS = 2000
"""Animals of each part whose size and shape are looked at."""
LEAST_SAMPLES = 20
FREEDOMS = np.array([1.0, 1.5, 2.0, 3.0, 4.0])
"""Degrees of freedom that the distribution of errors may have, Student's t in the plane; the fewer, the more often
animals startle, turn or are found badly. One is chosen."""
WORST = -20.0
"""No distance speaks more clearly against a join than this (natural logarithm)."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """The habits of the animals of one film."""

    memory: float
    """Frames for which an animal keeps its velocity."""
    lags: Array
    """Frames, rising."""
    spreads: Array
    """Scale in pixels, for each lag, of the distances between where an animal is and where it was expected from its
    velocity before and after."""
    freedom: float
    """Degrees of freedom of these distances."""
    area: float
    """Of the part of the picture that animals use, in square pixels."""
    size: float
    """Of an animal: the diagonal of its box, in pixels; for a single node, what it moves in a frame."""

    def spread(self, gap: Array) -> Array:
        """Return the scale (...) after `gap` frames (...); beyond what was seen it grows as that of a random walk."""
        gap = np.asarray(gap, np.float64)
        known = np.exp(np.interp(np.log(gap), np.log(self.lags), np.log(self.spreads)))
        return np.asarray(known * np.sqrt(np.maximum(gap / self.lags[-1], 1)))

    def coasting(self, gap: Array) -> Array:
        """Return the frames' worth of both velocities by which an animal moves in `gap` frames.

        The mean of an Ornstein-Uhlenbeck bridge: half the gap each for a short one, never more than the memory.
        """
        return np.asarray(self.memory * np.tanh(gap / (2 * self.memory)))

    def log_odds(self, before: Array, after: Array, velocities: Array, gap: Array) -> Array:
        """Return the log-odds (pairs,) that two poses are of one animal rather than of two at places of their own.

        Args:
            before: (pairs, nodes, 2) pixels.
            after: (pairs, nodes, 2), `gap` frames later.
            velocities: (pairs, 2), sum of that before and that after, in pixels per frame.
            gap: (pairs,) frames, at least 1.
        """
        spread = self.spread(gap)
        missed = misses(before, after, velocities * self.coasting(gap)[:, None])
        tail = (self.freedom + 2) / 2 * np.log1p((missed / spread) ** 2 / self.freedom)
        return np.asarray(np.maximum(np.log(self.area / (2 * np.pi * spread**2)) - tail, WORST))


@dataclass(frozen=True, kw_only=True)
class MotionSample:
    """What a part of a film tells about movement."""

    missed: list[Array]
    """By lag (animals, memories): distance in pixels from where each memory expected the animal."""
    places: Array
    """(animals, 2) pixels."""
    sizes: Array
    """(animals,) diagonals of boxes, in pixels."""


def sample_motion(rows: Rows, longest: int) -> MotionSample:
    """Return what rows sorted by track and frame tell about movement, up to a lag of `longest` frames."""
    few = rows.points[evenly(np.arange(len(rows)), ROWS)]
    boxes = bounding_boxes(few)
    return MotionSample(
        missed=[_misses_after(rows, int(lag)) for lag in LAGS[longest >= LAGS]],
        places=middles(few),
        sizes=np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]),
    )


def learn_motion(samples: Sequence[MotionSample]) -> Motion | None:
    """Return how animals move; None where too few tracks have two frames in a row."""
    by_lag = [np.concatenate(missed) for missed in zip(*(sample.missed for sample in samples), strict=True)]
    known = list(itertools.takewhile(lambda missed: len(missed) >= LEAST_SAMPLES, by_lag))
    if not known:
        return None
    half, most = (np.array([np.percentile(missed, share, axis=0) for missed in known]) for share in (50, 90))
    half = np.maximum(half, 1e-3)
    best = int(np.log(half).sum(axis=0).argmin())
    freedom = _freedom(float(np.median(most[:, best] / half[:, best])))
    spreads = half[:, best] / _quantile(freedom, 0.5)
    low, high = np.percentile(np.concatenate([sample.places for sample in samples]), [1, 99], axis=0)
    size = float(np.median(np.concatenate([sample.sizes for sample in samples])))
    return Motion(
        memory=float(MEMORIES[best]),
        lags=LAGS[: len(known)].astype(np.float64),
        spreads=spreads,
        freedom=freedom,
        area=float(np.maximum(high - low, 1).prod()),
        size=max(size, float(spreads[0])),
    )


def velocities(rows: Rows, at: Array | None = None) -> tuple[Array, Array]:
    """Return the velocities (rows, 2) over the frames before and after rows of tracks, in pixels per frame.

    Rows are sorted by track and frame; `at` are the indices of those that are asked for, all by default.
    """
    key = rows.key
    here = np.arange(len(rows)) if at is None else at
    first = np.searchsorted(key, key[here] - SPAN)
    last = np.searchsorted(key, key[here] + SPAN, side="right") - 1
    return _velocity(rows, first, here), _velocity(rows, here, last)


def shifts(before: Array, after: Array) -> Array:
    """Return the mean shift (pairs, 2) of the nodes that both poses (pairs, nodes, 2) show; of the middles if none."""
    step = after - before
    mean, shared = _means(step, ~np.isnan(step[..., 0]))
    return mean if shared.all() else np.where(shared[:, None], mean, middles(after) - middles(before))


def misses(before: Array, after: Array, shift: Array) -> Array:
    """Return how far (pairs,) the poses `after` are from `before` (pairs, nodes, 2) moved by `shift` (pairs, 2).

    Root mean square over the nodes that both show; the distance of the middles where there is none.
    """
    step = after - before - shift[:, None]
    mean, shared = _means(step**2, ~np.isnan(step[..., 0]))
    squared = mean[:, 0] + mean[:, 1]
    if not shared.all():
        apart = middles(after) - middles(before) - shift
        squared = np.where(shared, squared, (apart**2).sum(axis=-1))
    return np.sqrt(squared)


def middles(points: Array) -> Array:
    """Return the means (poses, 2) of the visible nodes of points (poses, nodes, 2); NaN where none is."""
    mean, seen = _means(points, ~np.isnan(points[..., 0]))
    return np.where(seen[:, None], mean, np.nan)


def _means(values: Array, seen: Array) -> tuple[Array, Array]:
    """Return the means (poses, 2) of values (poses, nodes, 2) that are seen (poses, nodes), and whether any is."""
    count = np.count_nonzero(seen, axis=1)
    # Many times quicker than a sum over the middle axis.
    total = np.einsum("pnk->pk", np.where(seen[..., None], values, 0))
    return total / np.maximum(count, 1)[:, None], count > 0


def _quantile(freedom: Array | float, share: float) -> Array:
    """Return the distance within which a share of the errors lies, in scales: of Student's t in the plane."""
    return np.sqrt(freedom * ((1 - share) ** (-2 / np.asarray(freedom)) - 1))


def _freedom(ratio: float) -> float:
    """Return the degrees of freedom for which the 90th percentile is nearest to so many times the median."""
    ratios = _quantile(FREEDOMS, 0.9) / _quantile(FREEDOMS, 0.5)
    return float(FREEDOMS[np.abs(np.log(ratios / max(ratio, 1.0))).argmin()])


def _misses_after(rows: Rows, lag: int) -> Array:
    """Return how far animals are from where each memory expects them after some frames (animals, memories)."""
    key = rows.key
    later = np.minimum(np.searchsorted(key, key + lag), max(len(key) - 1, 0))
    first = evenly(np.flatnonzero(key[later] == key + lag), SAMPLES)
    second = later[first]
    both = velocities(rows, first)[0] + velocities(rows, second)[1]
    coasting = MEMORIES * np.tanh(lag / (2 * MEMORIES))
    return np.stack([misses(rows.points[first], rows.points[second], both * c) for c in coasting], axis=-1)


def _velocity(rows: Rows, first: Array, last: Array) -> Array:
    frames = rows.frame_idx[last] - rows.frame_idx[first]
    return shifts(rows.points[first], rows.points[last]) / np.maximum(frames, 1)[:, None]
