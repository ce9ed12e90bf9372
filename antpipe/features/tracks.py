"""One track at a time: which rows it has, and how fast its values change."""

from collections.abc import Iterator

import numpy as np

from antpipe.config.features import FeaturesConfig
from antpipe.errors import PosesError
from antpipe.geometry import Array
from antpipe.poses import Poses

UNEVEN = 0.5
"""Share of a frame by which a frame's time may differ from its number over the frame rate; rates are rounded a bit."""


def rates(poses: Poses, values: Array, config: FeaturesConfig) -> Array:
    """Return how fast values (rows, n) change, per second, track by track; NaN for instances without a track.

    The slope of the polynomial that fits the frames around best (Savitzky and Golay 1964), at the ends of a piece that
    of its first or last `window` frames. A piece ends where more than `max_gap` frames are missing; shorter gaps are
    bridged by straight lines. A missing value stays missing, and so does a piece of less than `window` frames.
    """
    _refuse_uneven_times(poses)
    found = np.full(values.shape, np.nan)
    for rows in rows_by_track(poses):
        found[rows] = _slopes(values[rows], poses.frame_idx[rows], config)
    return found * poses.info.video.fps


def reach(config: FeaturesConfig) -> int:
    """Return how many frames before and after a row its rate depends on."""
    # The whole window at one side where a piece ends, and the gap that says whether it does.
    return config.window + config.max_gap


def rows_by_track(poses: Poses) -> Iterator[Array]:
    """Yield the rows of each track, in the order of frames.

    Raises:
        PosesError: if a track is in one frame twice.
    """
    codes: dict[str, int] = {}
    track = np.array([-1 if name is None else codes.setdefault(name, len(codes)) for name in poses.track], np.int64)
    order = np.argsort(track, kind="stable")[np.count_nonzero(track < 0) :]
    for rows in np.split(order, np.flatnonzero(np.diff(track[order])) + 1):
        twice = np.flatnonzero(np.diff(poses.frame_idx[rows]) == 0)
        if len(twice):
            row = rows[twice[0]]
            raise PosesError(
                f"{poses.info.video.path}: track {poses.track[row]!r} is twice in frame {poses.frame_idx[row]}; a "
                "track is one animal, so make the tracks again with antpipe track"
            )
        if len(rows):
            yield rows


def unwrapped(poses: Poses, degrees: Array) -> Array:
    """Return angles (rows,) without the jumps at 180 degrees, track by track; from one to the next the short way."""
    turned = np.full(len(degrees), np.nan)
    for rows in rows_by_track(poses):
        seen = rows[~np.isnan(degrees[rows])]
        turned[seen] = np.unwrap(degrees[seen], period=360)
    return turned


def _slopes(values: Array, frames: Array, config: FeaturesConfig) -> Array:
    """Return the slopes (rows, n) per frame of the values of one track."""
    # Imported here: the Snakefile is parsed for every job, and needs none of it.
    from scipy.signal import savgol_filter

    slopes = np.full(values.shape, np.nan)
    seen = np.flatnonzero(~np.isnan(values).any(axis=1))
    for piece in np.split(seen, np.flatnonzero(np.diff(frames[seen]) > config.max_gap + 1) + 1):
        at = frames[piece] - frames[piece[:1]]
        if len(piece) and at[-1] + 1 >= config.window:
            grid = np.arange(at[-1] + 1)
            filled = np.stack([np.interp(grid, at, column) for column in values[piece].T], axis=1)
            slopes[piece] = savgol_filter(filled, config.window, config.order, deriv=1, axis=0)[at]
    return slopes


def _refuse_uneven_times(poses: Poses) -> None:
    if not len(poses):
        return
    fps = poses.info.video.fps
    frames, times = poses.frame_idx - poses.frame_idx[0], poses.time_s - poses.time_s[0]
    off = np.abs(times - frames / fps) - UNEVEN / fps - 0.001 * (1 + times)
    if off.max() > 0:
        worst = int(np.argmax(off))
        raise PosesError(
            f"{poses.info.video.path}: expected {fps:g} frames per second throughout, but frame "
            f"{poses.frame_idx[worst]} is at {poses.time_s[worst]:.3f} s; preprocess the video, which evens its rate, "
            "or leave speed and angular_velocity out of features.kinds"
        )
