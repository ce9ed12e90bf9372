"""The default: each animal is expected where its movement leads it."""

from math import log1p

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.compare import pose_distances
from antpipe.tracking.found import Found
from antpipe.tracking.habits import SETTLED, Habits
from antpipe.tracking.lost import Lost
from antpipe.tracking.matching import pair
from antpipe.tracking.open_tracks import OpenTracks
from antpipe.tracking.registry import MATCHERS, METHODS, Setup
from antpipe.tracking.scale import Scale

BLUR = 0.35
"""By this share of the usual distance the uncertainty grows with every frame in which a track is not seen."""
GATE_GROWTH, GATE_LIMIT = 0.15, 2.0
"""By this share the gate widens with every such frame, up to so many times its width."""
RESERVE = 0.1
"""What a pair with a weak instance or an unsettled track counts: it is made of what the others leave."""
STRANGER = -2
"""Numbers from here down are tracks without a name, which began when all names were given."""


@METHODS.register("motion")
class Motion:
    """Gated assignment on self-tuned constant velocity, in one pass.

    Distances are means over the nodes visible in both poses, in body sizes. With z the distance over what is usual in
    the video (`Habits`), widened b times after a gap, a pair gains log((1 + f^2) / (1 + z^2)) - 2 log(b), f being how
    far strangers are as likely as the animal: a heavy-tailed log-likelihood ratio. The assignment with the greatest
    sum of gains is taken. No pair is made that gains nothing, so that neighbours of an animal that is missed do not
    change names all along the line.

    A pair gains in proportion to the visible nodes of the instance: a few that lie well do not outdo a whole animal.
    As in ByteTrack (Zhang et al. 2022), weak instances keep a track alive with what others leave, but start none. Who
    has nobody else about it may leap. With a limit on tracks, who could be nobody else gets the lost track back.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup, self.config = setup, setup.config
        self.match = MATCHERS[self.config.matching]
        self.tracks, self.habits, self.scale, self.lost = OpenTracks(setup.nodes), Habits(), Scale(setup), Lost()
        self.given = setup.named
        self._next_stranger = STRANGER

    def link(self, found: Found) -> tuple[Array, Array]:
        """Return tracks and scores: 1 for an instance where its track was expected, 0 at the gate and for a leap."""
        tracks, count = self.tracks, len(found.points)
        self._coast(found.frame_idx, count)
        self.scale.learn(found)
        sizes = self.scale.sizes(found)
        weak = self.config.weak_score * self.scale.score
        strong = found.score >= weak if found.least_score < weak else np.ones(count, bool)
        number, score = np.full(count, -1), np.full(count, np.nan)
        if len(tracks):
            distance = self._distances(found)
            rows, columns = self._pairs(distance, found, strong)
            number[columns] = tracks.number[rows]
            score[columns] = np.maximum(1 - distance[rows, columns] / self.config.gate, 0)
            self._follow(rows, columns, found, sizes, distance)
        if (number == -1).any():
            self._start(number, found, sizes, strong)
        if len(self.lost):
            self._find_again(number)
        return np.maximum(number, -1), score

    def _coast(self, frame_idx: int, count: int) -> None:
        """Move the tracks on to a frame with so many instances, and give up those that were not seen for too long."""
        tracks = self.tracks
        tracks.coast(frame_idx)
        over = frame_idx - tracks.seen > self.config.window
        self.habits.learn_strangers(int((over & (tracks.times < SETTLED)).sum()), count)
        if over.any():
            if self.config.max_tracks is not None:
                own = over & (tracks.number >= self.setup.named)
                self.lost.add(tracks.number[own], tracks.last_pose()[own], tracks.seen[own], tracks.size[own])
            tracks.keep(~over)

    def _distances(self, found: Found) -> Array:
        """Return the distances (tracks, instances) in body sizes; infinite where they cannot matter."""
        tracks = self.tracks
        # The nodes that two poses share may lie a body size from the middles of all that is visible.
        reach = (max(self.config.leap, GATE_LIMIT * self.config.gate) + 1) * float(tracks.size.max())
        whole = found.complete and tracks.whole
        pixels = pose_distances(tracks.pose, found.points, whole=whole, reach=reach, body=self.scale.size)
        return pixels / tracks.size[:, None]

    def _pairs(self, distance: Array, found: Found, strong: Array) -> tuple[Array, Array]:
        tracks = self.tracks
        settled = tracks.times >= SETTLED
        gain = self._gains(distance)
        if not found.complete:
            gain *= found.visible / self.setup.nodes
        gain[:, ~strong] *= RESERVE
        gain[~settled] *= RESERVE
        if found.known is not None:
            is_it = tracks.number[:, None] == found.known[None]
            gain[is_it.any(axis=1)] = gain[:, found.known >= 0] = 0
            gain[is_it] = 1
            strong = strong & (found.known < 0)
        rows, columns = pair(gain, self.match)
        if self.config.leap and len(rows) < min(gain.shape):
            leaping, leapt = self._leaps(distance, rows, columns, settled, strong)
            rows, columns = np.append(rows, leaping), np.append(columns, leapt)
        return rows, columns

    def _gains(self, distance: Array) -> Array:
        """Return the gains (tracks, instances) of all pairs; 0 beyond the gate."""
        gap = self.tracks.frame_idx - self.tracks.seen
        certain, gate = log1p(self.habits.farthest**2), self.config.gate
        if (gap == 1).all():
            return np.where(distance <= gate, certain - np.log1p((distance / self.habits.spread) ** 2), 0)
        missed = (gap - 1)[:, None]
        blur = 1 + BLUR * missed
        gain = certain - 2 * np.log(blur) - np.log1p((distance / (self.habits.spread * blur)) ** 2)
        return np.where(distance <= gate * np.minimum(1 + GATE_GROWTH * missed, GATE_LIMIT), gain, 0)

    def _leaps(
        self, distance: Array, rows: Array, columns: Array, settled: Array, strong: Array
    ) -> tuple[Array, Array]:
        """Return those pairs among what is left over that have nobody else, matched or not, within the leap."""
        near = distance <= self.config.leap
        alone = near & (near.sum(axis=0) == 1)[None] & (near.sum(axis=1) == 1)[:, None]
        alone &= settled[:, None] & strong[None]
        alone[rows] = alone[:, columns] = False
        leaping, leapt = np.nonzero(alone)
        return leaping, leapt

    def _follow(self, rows: Array, columns: Array, found: Found, sizes: Array, distance: Array) -> None:
        tracks = self.tracks
        taught = (tracks.times[rows] >= SETTLED) & (tracks.seen[rows] == found.frame_idx - 1)
        before = tracks.miss[rows]
        place, velocity = self.habits.gains(tracks.times[rows], distance[rows, columns])
        if not found.complete:
            # A few nodes tell little of where the whole animal goes.
            velocity *= found.visible[columns] / self.setup.nodes
        tracks.follow(rows, found.points[columns], sizes[columns], (place, velocity), found.complete)
        if not taught.all():
            rows, columns, before = rows[taught], columns[taught], before[taught]
        if len(rows):
            size = tracks.size[rows][:, None]
            self.habits.learn(distance[rows, columns], before / size, tracks.miss[rows] / size)

    def _start(self, number: Array, found: Found, sizes: Array, strong: Array) -> None:
        """Start tracks; those beyond the limit have no name, but are followed, so as not to be mistaken for others."""
        if found.known is not None:
            named = np.flatnonzero((number == -1) & (found.known >= 0))
            number[named] = found.known[named]
            self.tracks.start(number[named], found.points[named], sizes[named])
        new = np.flatnonzero((number == -1) & strong & (found.visible >= self.setup.least_points))
        if not len(new):
            return
        free = int(max(min(self.setup.most - self.given, len(new)), 0))
        best_first = np.argsort(-found.score[new], kind="stable")
        names, strangers = np.sort(new[best_first[:free]]), new[best_first[free:]]
        number[names] = self.given + np.arange(free)
        number[strangers] = self._next_stranger - np.arange(len(strangers))
        self.given += free
        self._next_stranger -= len(strangers)
        self.tracks.start(number[new], found.points[new], sizes[new])

    def _find_again(self, number: Array) -> None:
        """Give lost tracks to strangers who have stayed long enough to be animals."""
        tracks = self.tracks
        here = np.flatnonzero((tracks.number <= STRANGER) & (tracks.times >= SETTLED))
        if len(here):
            again = self.lost.find(tracks.pose[here], tracks.frame_idx, max(self.config.leap, self.config.gate))
            for row, name in zip(here[again >= 0], again[again >= 0], strict=True):
                number[number == tracks.number[row]] = name
                tracks.number[row] = name
