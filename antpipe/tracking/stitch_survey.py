"""A first look through a film's tracks: how animals move, what they measure, which tracks are ghosts."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np

from antpipe.config.stitching import StitchConfig
from antpipe.geometry import Array
from antpipe.poses import Poses
from antpipe.tracking.stitch_motion import ROWS, Motion, MotionSample, learn_motion, sample_motion
from antpipe.tracking.stitch_rows import evenly, tracked_rows

Source = Callable[[], Iterable[Poses]]
"""Returns the tables of a film in frame order, as often as it is called."""

SAMPLES = 24
"""Tables, evenly over the film, from which is learned what is usual."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What holds for the whole film."""

    numbers: dict[str, int]
    """Of the tracks, by name."""
    ghosts: Array
    """(tracks,) whether each shows too little to be an animal."""
    motion: Motion | None
    """None where no track has two frames in a row."""
    poses: Array
    """(poses, nodes, 2) of animals from all over the film."""


def survey(source: Source, config: StitchConfig, named: Collection[str] = ()) -> Survey:
    """Return what holds for a film; an animal that is `named` is no ghost."""
    numbers: dict[str, int] = {}
    # Of each track: instances, their visible nodes and their scores, summed up.
    sums, every = np.zeros((3, 0)), 1
    samples: list[tuple[MotionSample, Array]] = []
    for position, part in enumerate(tracked_rows(source(), numbers)):
        visible = np.count_nonzero(~np.isnan(part.points[..., 0]), axis=1)
        sums = np.pad(sums, ((0, 0), (0, len(numbers) - sums.shape[1])))
        sums += [np.bincount(part.track, of, len(numbers)) for of in (np.ones(len(part)), visible, part.score)]
        if position % every == 0:
            by_track = part[np.argsort(part.key)]
            poses = part.points[evenly(np.arange(len(part)), ROWS)]
            samples.append((sample_motion(by_track, config.max_gap), poses))
        if len(samples) > 2 * SAMPLES:
            samples, every = samples[::2], 2 * every
    rows, nodes, score = sums
    is_named = np.array([name in named for name in numbers], bool)
    return Survey(
        numbers=numbers,
        ghosts=_ghosts(rows, nodes, score, config) & ~is_named,
        motion=learn_motion([motion for motion, _ in samples]),
        poses=np.concatenate([poses for _, poses in samples]) if samples else np.zeros((0, 1, 2)),
    )


def _ghosts(rows: Array, nodes: Array, score: Array, config: StitchConfig) -> Array:
    """Return the tracks (tracks,) that show too few nodes, or were found too rarely and too badly, to be animals.

    Given are the sums (tracks,) over their instances. What is usual is what the median instance's track shows.
    """
    shown, scored = nodes / np.maximum(rows, 1), score / np.maximum(rows, 1)
    faint = (rows <= config.min_length) & (scored < config.ghost_score * _usual(scored, rows))
    return np.asarray(faint | (shown < config.ghost_nodes * _usual(shown, rows)))


def _usual(values: Array, rows: Array) -> float:
    """Return the value of the median instance, given the values (tracks,) and instances (tracks,) of tracks."""
    order = np.argsort(values)
    middle = np.searchsorted(np.cumsum(rows[order]), rows.sum() / 2)
    return float(values[order][middle]) if len(order) else np.nan
