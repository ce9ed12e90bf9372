"""How sure a figure is, from resampling blocks of neighbouring frames.

Neighbouring frames show nearly the same scene, so that a hundred of them say little more than a few. A bootstrap of
single frames would take them for independent; blocks that are drawn whole keep what is alike together (Künsch 1989).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtrit

from antpipe.geometry import Array

LEVEL = 0.95
RESAMPLES = 1000
SEED = 0
BLOCK_FRAMES = 100
"""Frames of the video that a block spans; four seconds at 24 frames per second."""
LEAST_BLOCKS = 20
"""Short videos are cut into shorter blocks, so that there are about this many."""


def frame_blocks(videos: Sequence[str], frame_idx: Sequence[int]) -> tuple[Array, int]:
    """Return the block of each frame (frames,), counted from 0, and how many frames of the video a block spans.

    A block begins at the first frame that is in none, and holds all frames of its video within the span. The span is
    `BLOCK_FRAMES`, or as much less as it takes for `LEAST_BLOCKS` blocks over the length of all videos.
    """
    indices: dict[str, list[int]] = {}
    for video, index in zip(videos, frame_idx, strict=True):
        indices.setdefault(video, []).append(index)
    length = sum(max(of_video) - min(of_video) + 1 for of_video in indices.values())
    span = min(max(length // LEAST_BLOCKS, 1), BLOCK_FRAMES)
    number: dict[tuple[str, int], int] = {}
    count = 0
    for video, of_video in indices.items():
        start = None
        for index in sorted(of_video):
            if start is None or index >= start + span:
                start, count = index, count + 1
            number[video, index] = count - 1
    return np.array([number[key] for key in zip(videos, frame_idx, strict=True)], int), span


def draw_blocks(blocks: int, seed: int = SEED) -> Array:
    """Return how often each block is drawn in each resample (resamples, blocks), float64.

    Every resample draws as many blocks as there are, with replacement. The same seed gives the same draws.
    """
    return np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), size=RESAMPLES).astype(float)


def interval(estimates: Array, blocks: int) -> tuple[float, float]:
    """Return the interval (low, high) of 95 % confidence from the estimates (resamples,) of a figure.

    The percentiles are those of Hesterberg (2015, What Teachers Should Know About the Bootstrap, section 5.2), a little
    further out than 2.5 and 97.5 %: with few blocks the plain ones are too close, as normal quantiles are for t. NaN if
    there are fewer than two blocks; estimates that are NaN, from resamples without an animal, are left out.
    """
    known = estimates[~np.isnan(estimates)]
    if blocks < 2 or not len(known):
        return float("nan"), float("nan")
    tail = ndtr(np.sqrt(blocks / (blocks - 1)) * stdtrit(blocks - 1, (1 - LEVEL) / 2))
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def paired_difference(
    values_a: Sequence[float | None] | Array, values_b: Sequence[float | None] | Array, blocks: Array, seed: int = SEED
) -> tuple[float, float, float, float]:
    """Return how two runs differ on the same frames, from a value per frame of each.

    Args:
        values_a: (frames,) of the one run; NaN or None where it has no value.
        values_b: (frames,) of the other, in the same order.
        blocks: (frames,) the block of each frame, as `frame_blocks` gives them.
        seed: of the resampling.

    Returns:
        The mean of a - b over the frames in which both have a value; low and high end of its 95 % interval; and the
        share of resamples in which the difference has the same sign. NaN where there is no such frame, and for the
        last three where there are fewer than two blocks of them.

    Raises:
        ValueError: if the three are not equally long.
    """
    a, b = np.asarray(values_a, np.float64), np.asarray(values_b, np.float64)
    if not a.shape == b.shape == np.shape(blocks):
        raise ValueError(
            f"expected two values and a block for each frame, got {a.shape}, {b.shape}, {np.shape(blocks)}"
        )
    known = ~np.isnan(a - b)
    change = (a - b)[known]
    _, members = np.unique(np.asarray(blocks)[known], return_inverse=True)
    sums, sizes = np.bincount(members, weights=change), np.bincount(members)
    if len(sums) < 2:
        return (float(change.mean()) if len(change) else np.nan), np.nan, np.nan, np.nan
    draws = draw_blocks(len(sums), seed)
    estimates = (draws @ sums) / (draws @ sizes)
    difference = float(change.mean())
    return difference, *interval(estimates, len(sums)), float((np.sign(estimates) == np.sign(difference)).mean())
