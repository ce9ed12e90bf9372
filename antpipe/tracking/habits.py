"""How the animals of a video move, learned as it goes: nothing has to be tuned for a video."""

import numpy as np

from antpipe.geometry import Array

FIRST_SPREAD, LEAST_SPREAD = 0.1, 0.03
"""Usual distance between where an animal is expected and where it is found, in body sizes: a guess to begin with, and
the least that is believed."""
BEYOND = 0.3
"""Share of the instances that are farther away than what is called usual."""
SURPRISE = 4.0
"""In a video without strangers, what is so many times farther than usual is believed by half."""
LEARNING = 0.02
"""Weight of a new instance (in the spread) or of a new frame (in the gain and the strangers)."""
FIRST_GAIN, LEAST_GAIN = 0.8, 0.3
SETTLED = 3
"""From so many frames on a track is trusted, and taught from."""
FIRST_STRANGERS = 0.02
"""Share of the instances that are strangers, seen too few times to be an animal: a guess to begin with."""
STRANGER_ODDS = 0.5
"""Share of strangers at which one is likelier than movement as soon as an instance is farther away than usual."""
LEAST_FARTHEST, MOST_FARTHEST = 6.5, 50.0
"""Limits of `Habits.farthest`."""

_TIMES = np.arange(1, 17)
_YOUNG_PLACE = 2 * (2 * _TIMES + 1) / ((_TIMES + 1) * (_TIMES + 2))
_YOUNG_VELOCITY = 6 / ((_TIMES + 1) * (_TIMES + 2))
"""The gains that draw the best straight line through the first instances of a track."""


class Habits:
    """What is usual in a video.

    The gain is that of an alpha-beta filter, the steady state of a Kalman filter of constant velocity (Benedict and
    Bordner 1962). If misses of the same track tend to point the same way twice, the filter follows too slowly, and the
    gain rises; if they alternate, it follows noise, and the gain falls.
    """

    def __init__(self) -> None:
        self.spread = FIRST_SPREAD
        """Usual distance in body sizes."""
        self.gain = FIRST_GAIN
        """Part of a miss that is believed, 0 to 1."""
        self.strangers = FIRST_STRANGERS
        """Share of the instances that are strangers."""

    @property
    def farthest(self) -> float:
        """How many times farther than usual an instance is as likely a stranger as the animal that is expected.

        The share of movements beyond z times the usual distance falls as 1 / z^2, a heavy tail.
        """
        return min(max((STRANGER_ODDS / max(self.strangers, 1e-9)) ** 0.5, LEAST_FARTHEST), MOST_FARTHEST)

    def gains(self, times: Array, distance: Array) -> tuple[Array, Array]:
        """Return the gains (tracks,) of place and velocity.

        Args:
            times: (tracks,) how often each track was seen before.
            distance: (tracks,) between what was expected and what was found, in body sizes. What is much farther than
                usual is no noise but movement, and is believed.
        """
        surprise = (distance / (SURPRISE * self.spread)) ** 2
        clean = 1 - (LEAST_FARTHEST / self.farthest) ** 2
        place = np.maximum(clean * surprise / (1 + surprise), self.gain)
        young = np.minimum(times, len(_TIMES)) - 1
        return np.maximum(_YOUNG_PLACE[young], place), np.maximum(_YOUNG_VELOCITY[young], place**2 / (2 - place))

    def learn(self, distance: Array, before: Array, now: Array) -> None:
        """Learn from tracks that are settled and were seen in the frame before.

        Args:
            distance: (tracks,) between what was expected and what was found, in body sizes.
            before: (tracks, 2) their last misses, in body sizes.
            now: (tracks, 2) their present misses.
        """
        weight = 1 - (1 - LEARNING) ** len(distance)
        # A quantile, because a mean would follow wrong links, which make more wrong links.
        beyond = np.count_nonzero(distance > self.spread) / len(distance)
        self.spread = max(self.spread * (1 + weight * (beyond - BEYOND)), LEAST_SPREAD)
        energy = float((before * before).sum() + (now * now).sum()) / 2
        if energy > 0:
            gain = self.gain + LEARNING * float((before * now).sum()) / energy
            self.gain = min(max(gain, LEAST_GAIN), 1.0)

    def learn_strangers(self, strangers: int, instances: int) -> None:
        """Learn from a frame with so many instances, in which so many tracks were given up before they had settled."""
        self.strangers += LEARNING * (strangers / instances - self.strangers)
