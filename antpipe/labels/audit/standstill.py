"""Labelled frames that show almost the same as the labelled frame before them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.labels.audit.duplicates import groups, mean_distances
from antpipe.labels.audit.sizes import animal_sizes
from antpipe.labels.audit.table import Entries, InstanceTable

STILL = 0.05
"""An animal stands still if the mean distance of its nodes is below this, in sizes of the animal."""
SHARE = 0.5
"""Frames are near-duplicates if at least this share of the animals stands still."""


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """A frame, as its first entry, that repeats the one before it in time."""

    entry: int
    earlier: int
    """First entry of the frame that it repeats."""
    share: float
    """Part of the animals that stand still."""


def find_repeats(entries: Entries, tables: Sequence[InstanceTable]) -> list[Repeat]:
    """Compare each labelled frame with the labelled frame before it in its video.

    An animal stands still if it lies on an animal of the earlier frame; the share is that of the frame with more
    animals. Frames without animals are left out, as are animals without a size (a single node).
    """
    order = _frames_in_time(entries, tables)
    animals = np.bincount(np.concatenate([entries.frame[t.entry] for t in tables] or [np.zeros(0, int)]))
    still = np.zeros(len(order), int)
    for table in tables:
        still += _standing(table, entries, order)
    found = []
    for place in range(1, len(order)):
        earlier, later = order[place - 1], order[place]
        share = still[place] / max(animals[entries.frame[earlier]], animals[entries.frame[later]])
        if share >= SHARE:
            found.append(Repeat(entry=int(later), earlier=int(earlier), share=float(share)))
    return found


def _frames_in_time(entries: Entries, tables: Sequence[InstanceTable]) -> list[int]:
    """Return the first entry of each frame with instances, by video and time."""
    labelled = {int(entry) for table in tables for entry in table.entry}
    first: dict[int, int] = {}
    for entry in sorted(labelled):
        first.setdefault(int(entries.frame[entry]), entry)
    return sorted(first.values(), key=lambda entry: (entries.video[entry], entries.frame_idx[entry]))


def _standing(table: InstanceTable, entries: Entries, order: Sequence[int]) -> np.ndarray:
    """Return how many animals of each frame stand still since the one before it in `order`."""
    points, frame, video = table.seen, entries.frame[table.entry], entries.video[table.entry]
    limit = STILL * animal_sizes(points, video)
    rows = {int(frame[own[0]]): own for own in groups(frame)}
    still = np.zeros(len(order), int)
    for place in range(1, len(order)):
        if entries.video[order[place - 1]] != entries.video[order[place]]:
            continue
        earlier, later = (rows.get(int(entries.frame[order[p]])) for p in (place - 1, place))
        if earlier is None or later is None:
            continue
        close = mean_distances(points[later], points[earlier]) < limit[later][:, None]
        still[place] = min(close.any(axis=1).sum(), close.any(axis=0).sum())
    return still
