"""A first look through a film's tracks: how animals move, what they measure, which tracks are ghosts."""

from collections.abc import Callable, Iterable
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


def survey(source: Source, config: StitchConfig) -> Survey:
    """Return what holds for a film."""
    numbers: dict[str, int] = {}
    rows, nodes, every = np.zeros(0, np.int64), np.zeros(0, np.int64), 1
    samples: list[tuple[MotionSample, Array]] = []
    for position, part in enumerate(tracked_rows(source(), numbers)):
        rows, nodes = (np.pad(counts, (0, len(numbers) - len(counts))) for counts in (rows, nodes))
        rows += np.bincount(part.track, minlength=len(numbers))
        visible = np.count_nonzero(~np.isnan(part.points[..., 0]), axis=1)
        nodes += np.bincount(part.track, visible, minlength=len(numbers)).astype(np.int64)
        if position % every == 0:
            by_track = part[np.argsort(part.key)]
            poses = part.points[evenly(np.arange(len(part)), ROWS)]
            samples.append((sample_motion(by_track, config.max_gap), poses))
        if len(samples) > 2 * SAMPLES:
            samples, every = samples[::2], 2 * every
    return Survey(
        numbers=numbers,
        ghosts=_ghosts(rows, nodes, config.ghost_nodes),
        motion=learn_motion([motion for motion, _ in samples]),
        poses=np.concatenate([poses for _, poses in samples]) if samples else np.zeros((0, 1, 2)),
    )


def _ghosts(rows: Array, nodes: Array, least: float) -> Array:
    """Return the tracks whose instances show on average less than a part of what the median instance's track shows."""
    if not len(rows):
        return np.zeros(0, bool)
    shown = nodes / np.maximum(rows, 1)
    order = np.argsort(shown)
    usual = shown[order][np.searchsorted(np.cumsum(rows[order]), rows.sum() / 2)]
    return shown < least * usual
