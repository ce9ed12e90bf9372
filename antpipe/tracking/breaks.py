"""Joining a track that ends to the one that begins, where they can only be one animal."""

import numpy as np

from antpipe.geometry import Array


class Breaks:
    """Renames tracks as the frames come, as SLEAP does when all are done.

    The tracks of a frame are compared with those of the last frame in which all `count` animals had one. If exactly one
    is missing and exactly one is new, the new one is the missing one, until both are seen together. Tracks of named
    animals stay.
    """

    def __init__(self, count: int, named: int) -> None:
        self.count, self.named = count, named
        self._before: set[int] = set()
        self._really: dict[int, int] = {}

    def join(self, number: Array) -> Array:
        """Return the tracks (instances,) of the next frame under the names that they keep; -1 is no track."""
        here = set(number.tolist()) - {-1}
        wrong = set()
        for new in sorted(here & self._really.keys()):
            if self._really[new] in here:
                del self._really[new]
                wrong.add(new)
            else:
                number = np.where(number == new, self._really[new], number)
                here = here - {new} | {self._really[new]}
        new, missing = here - self._before - wrong, self._before - here
        if len(new) == len(missing) == 1 and min(*new, *missing) >= self.named:
            self._really[min(new)] = min(missing)
            return np.where(number == min(new), min(missing), number)
        if len(here) == self.count:
            self._before = here
        return number
