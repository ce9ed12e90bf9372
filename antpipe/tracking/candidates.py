"""SLEAP's way of tracking: an instance goes with the track whose earlier poses it is most like."""

from collections.abc import Callable

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.compare import pose_distances
from antpipe.tracking.found import Found, Shapes
from antpipe.tracking.matching import pair
from antpipe.tracking.memory import Memory
from antpipe.tracking.registry import MATCHERS, SIMILARITIES, Setup
from antpipe.tracking.scale import Scale

Shift = Callable[[Memory, int], Array]
"""Returns where the poses (poses, nodes, 2) of a memory should be in a frame."""
NEARER = 1e-6
"""What a body size of distance counts beside the similarity: enough to part those that are equally alike."""


class Candidates:
    """Compares each instance with the earlier poses of all tracks.

    Three things are not as in SLEAP. A pair farther apart than `gate` is never made: SLEAP glues a newcomer to any
    track in the window. Ties of the similarity go to the nearer pose: SLEAP breaks them by the order of the instances.
    Instances beyond the limit of tracks stay in the table; SLEAP drops them, and SLEAP 1.3 allows one track too many.

    Args:
        setup: the video.
        patient: keep the last `window` poses of each track for ever, up to `max_tracks` tracks, rather than the poses
            of the last `window` frames; the gate of a track that is not seen then grows by its width each frame.
        shift: moves the earlier poses to the present frame.
    """

    def __init__(self, setup: Setup, *, patient: bool = False, shift: Shift | None = None) -> None:
        self.setup, self.patient, self.shift = setup, patient, shift
        self.similarity = SIMILARITIES[setup.config.similarity or "instance"]
        self.match = MATCHERS[setup.config.matching]
        self.memory, self.scale = Memory(setup.nodes), Scale(setup)
        self.given = setup.named

    def link(self, found: Found) -> tuple[Array, Array]:
        """Return tracks and scores, which are similarities."""
        config = self.setup.config
        if not self.patient:
            self.memory.forget(found.frame_idx - config.window)
        known = np.full(len(found.points), -1) if found.known is None else found.known
        number, score = known.copy(), np.full(len(known), np.nan)
        if len(self.memory):
            tracks, similarity, distance = self._compare(found)
            allowed = (distance <= config.gate) & (known < 0)[None] & ~np.isin(tracks, known[known >= 0])[:, None]
            allowed &= ~np.isnan(similarity)
            rows, columns = pair(_as_gains(similarity - NEARER * distance, allowed), self.match)
            number[columns], score[columns] = tracks[rows], similarity[rows, columns]
        self._start(number, found)
        self.remember(found, number)
        return number, score

    def remember(self, found: Found, number: Array) -> None:
        """Keep the poses of instances with tracks (instances,), to compare later ones with."""
        config = self.setup.config
        self.scale.learn(found)
        kept = (number >= 0) & (found.visible >= config.min_match_points)
        sizes = self.scale.sizes(found)[kept]
        self.memory.add(found.frame_idx, number[kept], found.points[kept], found.point_scores[kept], sizes)
        if self.patient:
            self.memory.keep_last(config.window)

    def _compare(self, found: Found) -> tuple[Array, Array, Array]:
        """Return the tracks (tracks,), and their similarities and distances in gates (tracks, instances)."""
        memory = self.memory.newest() if self.shift and self.setup.config.robust == 1 else self.memory
        points = self.shift(memory, found.frame_idx) if self.shift else memory.points
        starts = memory.starts
        size = np.maximum.reduceat(memory.size, starts)[:, None]
        gap = found.frame_idx - np.maximum.reduceat(memory.frame_idx, starts)[:, None]
        distance = np.fmin.reduceat(pose_distances(points, found.points), starts, axis=0) / size
        similarity = self.similarity(Shapes(points, memory.point_scores), found.shapes, self.setup)
        best = _best(similarity, starts, self.setup.config.robust)
        return memory.number[starts], best, distance / (gap if self.patient else 1)

    def _start(self, number: Array, found: Found) -> None:
        new = np.flatnonzero((number < 0) & (found.visible >= self.setup.least_points))
        new = new[: int(max(min(self.setup.most - self.given, len(new)), 0))]
        number[new] = np.arange(self.given, self.given + len(new))
        self.given += len(new)


def _best(similarity: Array, starts: Array, robust: float) -> Array:
    """Return the best, or the `robust` quantile, of the similarities (poses, instances) of each track."""
    if robust == 1:
        return np.asarray(np.fmax.reduceat(similarity, starts, axis=0))
    tracks = np.split(similarity, starts[1:])
    known = [np.where(np.isnan(values).all(axis=0), 0, values) for values in tracks]
    quantiles = np.stack([np.nanquantile(values, robust, axis=0) for values in known])
    return np.where(np.stack([np.isnan(values).all(axis=0) for values in tracks]), np.nan, quantiles)


def _as_gains(similarity: Array, allowed: Array) -> Array:
    """Return gains for which as many allowed pairs as can be are made, and then those that are most alike."""
    if not allowed.any():
        return np.zeros(similarity.shape)
    known = similarity[allowed]
    least, spread = known.min(), known.max() - known.min()
    gain = similarity - least + (spread + 1) * (min(similarity.shape) + 1)
    return np.where(allowed, gain, 0)
