"""Two labellings of the same frame become one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sleap_io as sio

from antpipe.geometry import Array

Instances = list[sio.Instance]


@dataclass(frozen=True, kw_only=True)
class United:
    """The instances of a frame after two labellings were united."""

    instances: Instances
    twins: list[tuple[sio.Instance, sio.Instance]] = field(default_factory=list)
    """Instances that were dropped because they equal another, each with that other one."""
    conflict: tuple[Instances, Instances] | None = None
    """User instances that only the first and only the second labelling has, where both have some."""

    def kept_twin(self, instance: sio.Instance | None) -> sio.Instance | None:
        """Return the instance that stays for the one given: its twin if it was dropped, else itself."""
        return next((kept for gone, kept in self.twins if gone is instance), instance)


def unite(first: Sequence[sio.Instance], second: Sequence[sio.Instance], on_conflict: str) -> United:
    """Return the instances of both labellings of a frame, equal ones once, those of the first before the others.

    Where both have user instances that the other lacks, `keep-first` and `keep-last` take those of one side,
    `keep-both` and `error` those of both. The same goes for predicted instances, which never make a conflict.
    """
    twins = _twins(first, second)
    taken = {id(a) for a, _ in twins}, {id(b) for _, b in twins}
    only_first = [i for i in first if id(i) not in taken[0]]
    only_second = [i for i in second if id(i) not in taken[1]]
    dropped: set[int] = set()
    conflict = None
    for user in (True, False):
        ours, theirs = (_of_kind(i, user) for i in (only_first, only_second))
        if ours and theirs:
            conflict = (ours, theirs) if user else conflict
            losers = {"keep-first": theirs, "keep-last": ours}.get(on_conflict, [])
            dropped |= {id(i) for i in losers}
    kept = [i for i in (*first, *only_second) if id(i) not in dropped]
    return United(instances=kept, twins=[(b, a) for a, b in twins], conflict=conflict)


def instance_value(instance: sio.Instance) -> tuple[Any, ...]:
    """Return what makes two instances equal: type, track, coordinates, flags and scores, bit by bit.

    Tracks compare by identity and nodes by position, so both instances must come from the same labels.
    """
    points = instance.points
    parts = [_canonical(points["xy"]), points["visible"], points["complete"]]
    if isinstance(instance, sio.PredictedInstance):
        parts += [_canonical(points["score"]), _canonical(np.array(instance.score, np.float64))]
    return type(instance), id(instance.track), *(part.tobytes() for part in parts)


def _twins(first: Sequence[sio.Instance], second: Sequence[sio.Instance]) -> list[tuple[sio.Instance, sio.Instance]]:
    waiting: dict[Any, Instances] = {}
    for instance in first:
        waiting.setdefault(instance_value(instance), []).append(instance)
    used: Counter[Any] = Counter()
    pairs = []
    for instance in second:
        value = instance_value(instance)
        if used[value] < len(waiting.get(value, [])):
            pairs.append((waiting[value][used[value]], instance))
            used[value] += 1
    return pairs


def _of_kind(instances: Instances, user: bool) -> Instances:
    return [i for i in instances if isinstance(i, sio.PredictedInstance) != user]


def _canonical(values: Array) -> Array:
    # NaN has many bit patterns and zero has two.
    return np.where(np.isnan(values), np.nan, values) + 0.0
