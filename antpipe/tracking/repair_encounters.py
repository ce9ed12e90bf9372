"""Moments at which two animals may have changed places."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from antpipe.geometry import Array
from antpipe.tracking.stitch_motion import Motion, middles, velocities
from antpipe.tracking.stitch_rows import FRAMES, Rows, Window

HOLD = 8
"""Frames for which an unseen animal counts as being where it was last seen, or will next be seen."""
PAUSE = 3
"""Two animals that part for no more frames than this are still at the same encounter."""
CONTEXT = 2 * HOLD + 8
"""Frames around a range that an encounter in it may depend on."""
CLEAREST = 6.0
"""No way in and out of an encounter speaks more clearly than this (natural logarithm)."""


@dataclass(frozen=True, kw_only=True)
class Encounters:
    """Pairs of tracks that come close, one row per encounter."""

    track: Array
    """(encounters, 2) numbers of the tracks, rising."""
    first: Array
    """(encounters,) first frame."""
    last: Array
    """(encounters,) last frame."""
    at: Array
    """(encounters,) the frame after which they are likeliest to have changed places."""
    value: Array
    """(encounters,) how far that is from a change of places, in square pixels: low or below 0 is likely."""
    crossing: Array
    """(encounters, 2) how much likelier (log-odds) the way of each of the two out of the encounter is as that of the
    other one, judged by their ways in."""

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, rows: Array) -> "Encounters":
        """Return the given encounters."""
        return Encounters(**{name: values[rows] for name, values in vars(self).items()})


def find_encounters(window: Window, motion: Motion, closeness: float) -> Encounters:
    """Return the encounters of a window's range, cut off at its ends.

    Let d be the nodes of one animal minus those of the other. If they changed places from one frame to the next, the
    squares of all steps sum up to 2 d(t) d(t+1) more than if they did not. Where the mean of d(t) d(t+1) over the
    nodes is below the square of `closeness`, in pixels, they are at an encounter; where it is lowest, the change is
    likeliest.
    """
    rows = every_frame(window.rows)
    pair, value = _close_pairs(rows, window, closeness)
    if not len(pair):
        return _nothing()
    track, frame_idx = rows.track[pair], rows.frame_idx[pair[:, 0]]
    order = np.lexsort((frame_idx, track[:, 1], track[:, 0]))
    track, frame_idx, value = track[order], frame_idx[order], value[order]
    new = (np.diff(track, axis=0) != 0).any(axis=1) | (np.diff(frame_idx) > PAUSE)
    starts = np.flatnonzero(np.append(True, new))
    stops = np.append(starts[1:], len(frame_idx))
    run = np.repeat(np.arange(len(starts)), stops - starts)
    best = np.lexsort((value, run))[starts]
    first, last = frame_idx[starts], frame_idx[stops - 1] + 1
    crossing = _crossing(window.rows, motion, track[starts], first, last)
    return Encounters(
        track=track[starts], first=first, last=last, at=frame_idx[best], value=value[best], crossing=crossing
    )


def join_encounters(parts: Iterable[Encounters]) -> Encounters:
    """Return the encounters of all windows; those that were cut off are one again.

    An encounter as long as that says nothing about who is who by the ways in and out.
    """
    found = [part for part in parts if len(part)]
    if not found:
        return _nothing()
    every = Encounters(**{name: np.concatenate([getattr(part, name) for part in found]) for name in vars(found[0])})
    every = every[np.lexsort((every.first, every.track[:, 1], every.track[:, 0]))]
    new = (np.diff(every.track, axis=0) != 0).any(axis=1) | (every.first[1:] - every.last[:-1] >= PAUSE)
    starts = np.flatnonzero(np.append(True, new))
    stops = np.append(starts[1:], len(every))
    run = np.repeat(np.arange(len(starts)), stops - starts)
    best = every[np.lexsort((every.value, run))[starts]]
    alone = (stops - starts == 1)[:, None]
    return Encounters(
        track=best.track,
        first=every.first[starts],
        last=every.last[stops - 1],
        at=best.at,
        value=best.value,
        crossing=np.where(alone, best.crossing, 0),
    )


def every_frame(rows: Rows) -> Rows:
    """Return a row for every frame between two of a track that are at most `2 * HOLD` apart, and `HOLD` at other ends.

    Rows are sorted by track and frame. Between two rows the nodes move straight; beyond the ends they stay.
    """
    gap = np.diff(rows.frame_idx, append=0)
    within = np.append(np.diff(rows.track) == 0, False) & (gap <= 2 * HOLD)
    after = np.where(within, gap - 1, HOLD)
    before = np.where(np.append(False, within[:-1]), 0, HOLD)
    count = before + 1 + after
    row = np.repeat(np.arange(len(rows)), count)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) - np.repeat(before, count)
    share = np.where(within[row], offset / np.maximum(gap[row], 1), 0).clip(0)
    points = rows.points[row]
    moving = np.flatnonzero(share > 0)
    step = rows.points[row[moving] + 1] - points[moving]
    # A node that the next row does not show stays.
    points[moving] += share[moving, None, None] * np.where(np.isnan(step), 0, step)
    return replace(rows[row], frame_idx=rows.frame_idx[row] + offset, points=points)


def _close_pairs(rows: Rows, window: Window, closeness: float) -> tuple[Array, Array]:
    """Return rows (pairs, 2) of two close tracks in a frame of the window's range, and what `find_encounters` says."""
    here = np.flatnonzero((rows.frame_idx >= window.start) & (rows.frame_idx < window.stop))
    next_is = np.append(np.diff(rows.key) == 1, False)
    here = here[next_is[here]]
    # Frames lie so far apart on a third axis that neighbours are of one frame.
    place = np.column_stack([middles(rows.points[here]), rows.frame_idx[here] * 4.0 * closeness])
    near = cKDTree(place).query_pairs(2 * closeness, output_type="ndarray")
    pair = here[np.sort(near, axis=1)]
    pair = pair[rows.track[pair[:, 0]] != rows.track[pair[:, 1]]]
    a, b = pair.T
    apart, later = rows.points[a] - rows.points[b], rows.points[a + 1] - rows.points[b + 1]
    product = apart[..., 0] * later[..., 0] + apart[..., 1] * later[..., 1]
    shared = ~np.isnan(product)
    count = np.count_nonzero(shared, axis=1)
    value = np.where(shared, product, 0).sum(axis=1) / np.maximum(count, 1)
    alone = np.flatnonzero(count == 0)
    value[alone] = (_apart(rows, a[alone], b[alone]) * _apart(rows, a[alone] + 1, b[alone] + 1)).sum(axis=-1)
    close = value < closeness**2
    return pair[close], value[close]


def _apart(rows: Rows, a: Array, b: Array) -> Array:
    return middles(rows.points[a]) - middles(rows.points[b])


def _crossing(rows: Rows, motion: Motion, track: Array, first: Array, last: Array) -> Array:
    """Return what `Encounters.crossing` says; 0 where an animal was not seen before or after."""
    before, seen_before = _rows_at(rows, track, first[:, None] - 1, -1)
    after, seen_after = _rows_at(rows, track, last[:, None] + 1, 1)

    def odds(i: int, j: int) -> Array:
        start, stop = before[:, i], after[:, j]
        gap = np.maximum(rows.frame_idx[stop] - rows.frame_idx[start], 1)
        both = velocities(rows, start)[0] + velocities(rows, stop)[1]
        return motion.log_odds(rows.points[start], rows.points[stop], both, gap)

    found = np.stack([odds(0, 1) - odds(0, 0), odds(1, 0) - odds(1, 1)], axis=-1)
    seen = (seen_before & seen_after).all(axis=1, keepdims=True)
    return np.where(seen, found.clip(-CLEAREST, CLEAREST), 0)


def _rows_at(rows: Rows, track: Array, frame_idx: Array, side: int) -> tuple[Array, Array]:
    """Return the rows of tracks at a frame or the nearest one on that side of it, and whether there are any."""
    key = track * FRAMES + frame_idx
    row = np.searchsorted(rows.key, key, side="right") - 1 if side < 0 else np.searchsorted(rows.key, key)
    row = row.clip(0, len(rows) - 1)
    return row, (rows.track[row] == track) & ((rows.frame_idx[row] - frame_idx) * side >= 0)


def _nothing() -> Encounters:
    none, pairs = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    return Encounters(track=pairs, first=none, last=none, at=none, value=np.zeros(0), crossing=np.zeros((0, 2)))
