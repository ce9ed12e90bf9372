"""Tracklets: stretches of tracks without a moment of doubt, each summed up in a few numbers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from antpipe.geometry import Array
from antpipe.tracking.stitch_looks import Looks, LooksTally
from antpipe.tracking.stitch_motion import SPAN, velocities
from antpipe.tracking.stitch_rows import FRAMES, Rows, Window

CONTEXT = SPAN
"""Frames around a range that the summary of a tracklet in it may depend on."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Something by which animals can be told apart."""

    look: Callable[[Rows], Array]
    """Returns what the animals of rows look like (rows, features), NaN where it cannot be told; is called in the order
    of frames."""
    features: int
    every: int = 1
    """Looks are taken every so many frames."""


@dataclass(frozen=True, kw_only=True)
class Tracklets:
    """One row per tracklet, sorted by track and time."""

    track: Array
    """(tracklets,) number of the track that it was cut from."""
    rows: Array
    """(tracklets,) number of instances."""
    first: Array
    """(tracklets,) first frame."""
    last: Array
    """(tracklets,) last frame."""
    start_pose: Array
    """(tracklets, nodes, 2) float32, pixels in the first frame."""
    end_pose: Array
    """(tracklets, nodes, 2) float32, pixels in the last frame."""
    start_velocity: Array
    """(tracklets, 2) over the first frames, in pixels per frame."""
    end_velocity: Array
    """(tracklets, 2) over the last frames."""
    looks: tuple[Looks, ...]
    """By measure."""

    def __len__(self) -> int:
        return len(self.track)

    @property
    def following(self) -> Array:
        """(tracklets,) the tracklet that comes next in its track; -1 for the last one."""
        goes_on = np.append(np.diff(self.track) == 0, False)[: len(self)]
        return np.where(goes_on, np.arange(len(self)) + 1, -1)


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Where tracks are cut."""

    key: Array
    """(cuts,) sorted: track * FRAMES + the frame after which it is cut."""

    def slots(self, track: Array, frame_idx: Array) -> Array:
        """Return the slot (rows,) of rows; every stretch of a track between two cuts has one, in order of track."""
        return np.searchsorted(self.key, track * FRAMES + frame_idx) + track

    def slot_count(self, tracks: int) -> int:
        """Return the number of slots."""
        return len(self.key) + tracks


def make_cuts(track: Array, after: Array) -> Cuts:
    """Return cuts of tracks (cuts,) after frames (cuts,), given in any order and more than once."""
    return Cuts(key=np.unique(track * FRAMES + after))


def collect_tracklets(
    windows: Iterable[Window], cuts: Cuts, tracks: int, nodes: int, measures: Sequence[Measure]
) -> tuple[Tracklets, Array]:
    """Sum up the tracklets of a film; return them and the tracklet of each slot, -1 where a slot holds no instance.

    Args:
        windows: the film, with at least `CONTEXT` frames around.
        cuts: where tracks are cut.
        tracks: number of tracks.
        nodes: number of nodes.
        measures: what tells animals apart.
    """
    count = cuts.slot_count(tracks)
    table: dict[str, Any] = {
        "rows": np.zeros(count, np.int64),
        "first": np.zeros(count, np.int64),
        "last": np.zeros(count, np.int64),
        "start_pose": np.full((count, nodes, 2), np.nan, np.float32),
        "end_pose": np.full((count, nodes, 2), np.nan, np.float32),
        "start_velocity": np.zeros((count, 2), np.float32),
        "end_velocity": np.zeros((count, 2), np.float32),
    }
    tallies = [LooksTally(count, measure.features, measure.every) for measure in measures]
    for window in windows:
        _add_window(table, window, cuts)
        inside = window.rows[window.inside]
        slot = cuts.slots(inside.track, inside.frame_idx)
        for tally, measure in zip(tallies, measures, strict=True):
            tally.add(slot, inside.frame_idx, measure.look(inside))
    used = np.flatnonzero(table["rows"])
    tracklet = np.full(count, -1)
    tracklet[used] = np.arange(len(used))
    track = np.searchsorted(_last_slots(cuts, tracks), used)
    looks = tuple(tally.looks(used) for tally in tallies)
    return Tracklets(track=track, looks=looks, **{name: values[used] for name, values in table.items()}), tracklet


def _add_window(table: dict[str, Any], window: Window, cuts: Cuts) -> None:
    rows = window.rows
    slot = cuts.slots(rows.track, rows.frame_idx)
    inside = np.flatnonzero(window.inside)
    here = slot[inside]
    new = np.flatnonzero(np.diff(here, prepend=-1))
    first, last = inside[new], inside[np.append(new[1:], len(inside))[: len(new)] - 1]
    by_slot = replace(rows, track=slot)
    begun = table["rows"][here[new]] == 0
    begin = here[new][begun]
    table["first"][begin] = rows.frame_idx[first[begun]]
    table["start_pose"][begin] = rows.points[first[begun]]
    table["start_velocity"][begin] = velocities(by_slot, first[begun])[1]
    table["last"][here[new]] = rows.frame_idx[last]
    table["end_pose"][here[new]] = rows.points[last]
    table["end_velocity"][here[new]] = velocities(by_slot, last)[0]
    table["rows"][here[new]] += np.diff(np.append(new, len(here)))


def _last_slots(cuts: Cuts, tracks: int) -> Array:
    """Return the last slot (tracks,) of each track."""
    return np.searchsorted(cuts.key, (np.arange(tracks) + 1) * FRAMES) + np.arange(tracks)
