"""What becomes of a film's tracks: which tracklets make one animal, and its name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.config.stitching import StitchConfig
from antpipe.geometry import Array
from antpipe.poses import PosesInfo
from antpipe.tracking.repair_encounters import CONTEXT as AROUND_ENCOUNTERS
from antpipe.tracking.repair_encounters import HOLD, Encounters, find_encounters, join_encounters
from antpipe.tracking.repair_jumps import find_jumps
from antpipe.tracking.stitch_joins import Joins, at_rim, possible_joins, with_encounters
from antpipe.tracking.stitch_links import CLEAREST, chains, likeness, link_tracklets
from antpipe.tracking.stitch_number import join_to_number
from antpipe.tracking.stitch_rows import tracked_rows, windows
from antpipe.tracking.stitch_shape import shape_measure
from antpipe.tracking.stitch_survey import Source, Survey
from antpipe.tracking.tracklets import CONTEXT as AROUND_TRACKLETS
from antpipe.tracking.tracklets import Cuts, Measure, Tracklets, collect_tracklets, make_cuts


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Tracklets and how they hang together."""

    tracklets: Tracklets
    cuts: Cuts
    tracklet: Array
    """(slots,) the tracklet of each slot of `cuts`; -1 for none."""
    following: Array
    """(tracklets,) the tracklet as which each goes on; -1 for none."""
    sure: Array
    """(tracklets,) how sure that is, as log-odds against the best other way."""
    joins: Joins
    """All that were possible, with their log-odds in the end."""
    chain: Array
    """(tracklets,) index of the first tracklet of the same chain."""
    surplus: Array
    """(tracklets,) whether each is of an animal too many."""
    comes: Array
    """(tracklets,) whether each starts with the film or at the picture's edge."""
    leaves: Array
    """(tracklets,) whether each ends with the film or at the picture's edge."""


def chain_tracklets(
    source: Source,
    info: PosesInfo,
    found: Survey,
    config: StitchConfig,
    named: Sequence[str] = (),
    pixels: Measure | None = None,
    animals: int | None = None,
) -> Chains:
    """Cut the tracks of a film where they are in doubt, and put them together again.

    Args:
        source: the tracked film.
        info: what it is about.
        found: the survey of it, which has learned how animals move.
        config: the settings.
        named: tracks of animals that are known by name; they are not cut, and no two of them are joined.
        pixels: measure of what animals look like in the video.
        animals: their number, where it is known and constant.
    """
    motion = found.motion
    if motion is None:
        raise ValueError("expected tracks from which to learn how animals move")
    is_named = np.array([name in set(named) for name in found.numbers], bool)
    closeness = max(config.closeness * motion.size, 2 * float(motion.spreads[0]))
    parts = [
        (find_encounters(window, motion, closeness), find_jumps(window, motion))
        for window in windows(tracked_rows(source(), found.numbers, found.ghosts), AROUND_ENCOUNTERS)
    ]
    encounters = join_encounters(part for part, _ in parts)
    cuts = _cuts(encounters, [jumps for _, jumps in parts], is_named)
    measures = [m for m in (shape_measure(info.skeleton, found.poses), pixels) if m is not None]
    again = windows(tracked_rows(source(), found.numbers, found.ghosts), AROUND_TRACKLETS)
    tracklets, tracklet = collect_tracklets(again, cuts, len(is_named), len(info.skeleton.nodes), measures)
    joins = possible_joins(
        tracklets,
        motion,
        max_gap=config.max_gap,
        price=float(np.log(config.least_odds)),
        least=-CLEAREST * len(measures),
        size=_size(info),
        named=is_named[tracklets.track],
    )
    joins = with_encounters(joins, encounters, cuts, tracklet)
    names = np.where(is_named[tracklets.track], tracklets.track, -1)
    comes, leaves = at_rim(tracklets, motion, _size(info))
    least = float(np.log(config.confidence / (1 - config.confidence)))
    following, sure = link_tracklets(tracklets, joins, least, names)
    surplus = np.zeros(len(tracklets), bool)
    if animals is not None:
        following, sure, surplus = join_to_number(tracklets, following, sure, motion, animals, names)
    return Chains(
        tracklets=tracklets,
        cuts=cuts,
        tracklet=tracklet,
        following=following,
        sure=sure,
        joins=joins.with_odds(likeness(tracklets, chains(following))(joins.end, joins.start)),
        chain=chains(following),
        surplus=surplus,
        comes=comes | _near(tracklets.first, [start for start, _ in info.frames]),
        leaves=leaves | _near(tracklets.last, [stop - 1 for _, stop in info.frames]),
    )


def _cuts(encounters: Encounters, jumps: Sequence[tuple[Array, Array]], is_named: Array) -> Cuts:
    track = np.concatenate([encounters.track.ravel(), *(track for track, _ in jumps)])
    after = np.concatenate([np.repeat(encounters.at, 2), *(after for _, after in jumps)])
    free = ~is_named[track]
    return make_cuts(track[free], after[free])


def _near(frame_idx: Array, ends: Sequence[int]) -> Array:
    """Return whether frames (tracklets,) are next to one of the ends of the film's parts."""
    apart = np.abs(frame_idx[:, None] - np.array(ends, np.int64)[None])
    return np.asarray((apart <= HOLD).any(axis=1))


def _size(info: PosesInfo) -> tuple[float, float]:
    """Return width and height of the picture in the coordinates of the poses."""
    corner = np.array([[info.video.width, info.video.height]], np.float64)
    if info.coordinates == "raw":
        corner = info.to_raw(corner)
    return float(corner[0, 0]), float(corner[0, 1])
