"""The events of a film from its chains."""

from typing import Any

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.events import Event
from antpipe.tracking.stitch_chains import Chains
from antpipe.tracking.stitch_motion import middles

SURE = 0.9
"""Crossings at which nothing was changed are told if that is less sure than this."""


def chain_events(found: Chains, first: Array, names: Array) -> list[Event]:
    """Return the events of the chains that begin with the tracklets `first` (chains,) and have `names` (chains,)."""
    name = np.full(len(found.chain), "", object)
    name[first] = names
    name = name[found.chain]
    return [*_starts_and_ends(found, name), *_changes(found, name)]


def _starts_and_ends(found: Chains, name: Array) -> list[Event]:
    pieces, joins = found.tracklets, found.joins
    preceded = np.zeros(len(pieces), bool)
    preceded[found.following[found.following >= 0]] = True
    events = []
    for kind, is_one, free, of, frame_idx, pose in (
        ("start", ~preceded, found.comes, joins.start, pieces.first, pieces.start_pose),
        ("end", found.following < 0, found.leaves, joins.end, pieces.last, pieces.end_pose),
    ):
        best = np.full(len(pieces), -np.inf)
        np.maximum.at(best, of, joins.odds)
        rows = np.flatnonzero(is_one & (name != ""))
        # Nobody vanishes in the middle of the picture: that this is no break is never likely.
        sure = _probability(np.where(free[rows], -best[rows], np.minimum(-best[rows], 0)))
        for row, confidence, (x, y) in zip(rows, sure, middles(pose[rows]), strict=True):
            events.append(_event(frame_idx[row], kind, name[row], "", 0, confidence, x, y))
    return events


def _changes(found: Chains, name: Array) -> list[Event]:
    pieces, own = found.tracklets, found.tracklets.following
    own_before = np.full(len(own), -1)
    own_before[own[own >= 0]] = np.flatnonzero(own >= 0)
    confidence = _probability(found.sure)
    events = []
    for end in np.flatnonzero((found.following >= 0) & (name != "")):
        start = found.following[end]
        x, y = middles(pieces.start_pose[start][None])[0]
        gap = pieces.first[start] - pieces.last[end] - 1
        if start == own[end]:
            kind, other = "crossing", _rival(found, name, end, start)
            if confidence[end] >= SURE or not other:
                continue
        elif own[end] < 0 and own_before[start] < 0:
            kind, other = "join", ""
        else:
            kind = "repair"
            other = name[own[end]] if own[end] >= 0 else name[own_before[start]]
        other = "" if other == name[end] else other
        events.append(_event(pieces.first[start], kind, name[end], other, gap, confidence[end], x, y))
    return events


def _rival(found: Chains, name: Array, end: Any, start: Any) -> str:
    """Return the track that would most likely have gone on there instead."""
    joins = found.joins
    rivals = np.flatnonzero(
        ((joins.start == start) & (joins.end != end)) | ((joins.end == end) & (joins.start != start))
    )
    if not len(rivals):
        return ""
    best = rivals[joins.odds[rivals].argmax()]
    return str(name[joins.end[best]] if joins.start[best] == start else name[joins.start[best]])


def _probability(odds: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(odds, -50, 50)))


def _event(frame_idx: int, kind: str, track: str, other: str, gap: int, confidence: float, x: float, y: float) -> Event:
    return Event(
        frame_idx=int(frame_idx),
        kind=kind,
        track=str(track),
        other=str(other),
        gap=int(gap),
        confidence=float(confidence),
        x=float(x),
        y=float(y),
    )
