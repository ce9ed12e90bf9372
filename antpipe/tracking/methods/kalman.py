"""SLEAP's Kalman tracker."""

import numpy as np

from antpipe.errors import ConfigError
from antpipe.geometry import Array
from antpipe.tracking.candidates import Candidates
from antpipe.tracking.found import Found
from antpipe.tracking.kalman_filter import Noise, correct, first_places, first_state, learn_noise, predict
from antpipe.tracking.matching import pair
from antpipe.tracking.registry import MATCHERS, METHODS, Setup

LEAST_SCORE = 0.3
"""Instances below it are not given to the filters."""
RESET_GAP = 5
"""Two animals or more that are not seen for more frames than this get new names when they come back."""
NAMELESS = -2
START_OVER = 20
"""After so many frames without one of the animals, filters are learned anew."""


@METHODS.register("kalman")
class Kalman:
    """Links the first frames as `simple` does, learns the noise of each node from them, and then predicts the nodes.

    Learning ends once `target_instance_count` tracks were each seen in half of the last `kf_init_frame_count` frames
    with instances. Then an instance goes with the track whose predicted nodes are nearest: the mean distance along x
    and y, weighed by the scores of the nodes. As in SLEAP, instances that could be two animals, and animals that could
    be two instances, are left without a track until they are clear: where the second best is farther than the best by
    less than the smallest distance of the frame. Unlike in SLEAP, nothing farther than `gate` is linked, instances keep
    their names when the filters are learned anew, and hidden nodes are no error.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup, self.config = setup, setup.config
        wrong = [node for node in self.config.kf_node_indices if node >= setup.nodes]
        if wrong:
            raise ConfigError(
                f"track.kf_node_indices: expected numbers from 0 to {setup.nodes - 1}, as there are {setup.nodes} "
                f"nodes, got {wrong}"
            )
        self.nodes = np.array(self.config.kf_node_indices or range(setup.nodes))
        self.match = MATCHERS[self.config.matching]
        self.base = Candidates(setup)
        self.first: list[tuple[int, Array, Array]] = []
        self.number, self.seen = np.zeros(0, int), np.zeros(0, int)
        self.noise: Noise | None = None

    def link(self, found: Found) -> tuple[Array, Array]:
        """Return tracks and scores: while learning similarities; then 1 where expected and 0 at the gate."""
        if self.noise is not None:
            return self._follow(found, self.noise)
        number, score = self.base.link(found)
        self.first = [*self.first, (found.frame_idx, number, found.points)][-self.config.kf_init_frame_count :]
        if len(self.first) == self.config.kf_init_frame_count:
            self._learn()
        return number, score

    def _learn(self) -> None:
        """Start the filters from the first frames, if enough animals were seen often enough."""
        tracks, times = np.unique(np.concatenate([number for _, number, _ in self.first]), return_counts=True)
        often = np.argsort(-np.where(tracks < 0, 0, times), kind="stable")[: self.config.target_instance_count]
        if len(often) < (self.config.target_instance_count or 0) or times[often].min() < len(self.first) / 2:
            return
        self.number, self.seen = np.sort(tracks[often]), np.zeros(len(often), int)
        start, self.frame_idx = self.first[0][0], self.first[-1][0]
        paths = np.full((self.frame_idx - start + 1, len(often), len(self.nodes), 2), np.nan)
        for frame_idx, number, points in self.first:
            rows, columns = np.nonzero(self.number[:, None] == number[None])
            paths[frame_idx - start, rows] = points[columns][:, self.nodes]
            self.seen[rows] = frame_idx
        self.noise = noise = learn_noise(paths)
        self.state = first_state(first_places(paths), noise)
        for now in paths[1:]:
            self.state = correct(*predict(*self.state, noise), now, noise)
        self.first = []

    def _follow(self, found: Found, noise: Noise) -> tuple[Array, Array]:
        for _ in range(found.frame_idx - self.frame_idx):
            self.state = predict(*self.state, noise)
        self.frame_idx = found.frame_idx
        known = np.full(len(found.points), -1) if found.known is None else found.known
        cost = self._costs(found) / self.base.scale.sizes(found)
        cost[:, (found.score < LEAST_SCORE) | (known >= 0)] = np.nan
        cost[np.isin(self.number, known[known >= 0])] = np.nan
        # The offset lets a pair exactly at the gate still gain something.
        gain = np.where((cost <= self.config.gate) & ~_ambiguous(cost), 1.001 * self.config.gate - cost, 0)
        rows, columns = pair(gain, self.match)
        self._name(rows)
        number, score = known.copy(), np.full(len(known), np.nan)
        number[columns], score[columns] = self.number[rows], 1 - cost[rows, columns] / self.config.gate
        rows, columns = np.nonzero((self.number[:, None] == number[None]) & (number >= 0)[None])
        points = np.full((len(self.number), len(self.nodes), 2), np.nan)
        points[rows] = found.points[columns][:, self.nodes]
        self.state = correct(*self.state, points, noise)
        self.seen[rows] = found.frame_idx
        self.base.remember(found, number)
        self._give_up()
        return number, score

    def _costs(self, found: Found) -> Array:
        """Return the mean distance (tracks, instances) along x and y in pixels; NaN without a common node."""
        apart = np.abs(self.state[0][:, None, :, 0] - found.points[None, :, self.nodes]).mean(axis=-1)
        weight = np.where(np.isnan(apart), 0, found.point_scores[None, :, self.nodes])
        weight = np.where(weight.sum(axis=-1, keepdims=True) > 0, weight, ~np.isnan(apart))
        total = weight.sum(axis=-1)
        return np.where(total > 0, (np.nan_to_num(apart) * weight).sum(axis=-1) / np.where(total > 0, total, 1), np.nan)

    def _name(self, rows: Array) -> None:
        """Name those of the tracks that lost their names."""
        nameless = rows[self.number[rows] == NAMELESS]
        self.number[nameless] = self.base.given + np.arange(len(nameless))
        self.base.given += len(nameless)

    def _give_up(self) -> None:
        gap = self.frame_idx - self.seen
        lost = (gap > RESET_GAP) & (self.number >= self.setup.named)
        if lost.sum() > 1:
            self.number[lost] = NAMELESS
        if (gap > START_OVER).any():
            self.noise = None


def _ambiguous(cost: Array) -> Array:
    """Return which pairs (tracks, instances) have a second best that is no clearly worse choice, on either side."""
    filled = np.where(np.isnan(cost), np.inf, cost)
    least = filled.min(initial=np.inf)
    rivals = [(filled < filled.min(axis=axis, keepdims=True, initial=np.inf) + least).sum(axis=axis) for axis in (1, 0)]
    return (rivals[0] > 1)[:, None] | (rivals[1] > 1)[None]
