"""The names of chains."""

import itertools

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.stitch_chains import Chains


def name_chains(found: Chains, names: list[str], *, min_length: int, named: Array) -> tuple[Array, Array]:
    """Return the chain (chains,), by the index of its first tracklet, and the name (chains,) of each that keeps one.

    A chain has the name of the animal that is known by name, else of the track from which most of its instances come,
    unless a longer chain has it; all others count on from the last track. A chain of fewer than `min_length` instances,
    or of an animal too many, loses its name, unless the animal is known by name.

    Args:
        found: the chains.
        names: of the tracks.
        min_length: in instances.
        named: (tracks,) whether each is an animal that is known by name.
    """
    track, rows, chain = found.tracklets.track, found.tracklets.rows, found.chain
    pairs, which = np.unique(np.stack([chain, track]), axis=1, return_inverse=True)
    count = np.bincount(which, rows, minlength=pairs.shape[1])
    length = np.bincount(chain, rows, minlength=len(chain))
    known = np.zeros(len(chain), bool)
    known[chain[named[track]]] = True
    keeps = known | ((length >= min_length) & ~found.surplus)
    given: dict[int, str] = {}
    taken: set[int] = set()
    for pair in np.lexsort((-count, ~named[pairs[1]])):
        first, number = int(pairs[0, pair]), int(pairs[1, pair])
        if first not in given and number not in taken and keeps[first]:
            given[first] = names[number]
            taken.add(number)
    free = (name for name in map("track_{}".format, itertools.count(len(names))) if name not in set(names))
    for first in np.unique(chain):
        if int(first) not in given and keeps[first]:
            given[int(first)] = next(free)
    kept = sorted(given)
    return np.array(kept, np.int64), np.array([given[first] for first in kept], object)
