"""Confidence intervals of pose metrics, because twenty test frames prove little."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from antpipe.evaluation.bootstrap import LEVEL, RESAMPLES, draw_blocks, frame_blocks, interval
from antpipe.evaluation.curves import average_precision, interpolated_precision
from antpipe.evaluation.match import order_by_score
from antpipe.evaluation.scene import Scene, counts, joined
from antpipe.geometry import Array

MOST_BINS = 1024
"""Values are sorted into so many bins of equally many; up to so many values the resampling is exact."""


def intervals(scenes: Sequence[Scene], seed: int) -> dict[str, Any]:
    """Return 95 % intervals from resampled blocks of frames, see `frame_blocks` and `interval`.

    Returns:
        `interval.` and the metric's name: [low, high] of `dist.avg`, `dist.p50`, `dist.p90`, `oks.mOKS`,
        `oks_voc.mAP`, `instances.recall` and `instances.precision`; NaN where there are fewer than two blocks. Under
        `bootstrap.`: `level`, `resamples`, `seed`, `blocks` and `block_frames`, the frames of the video in a block.
    """
    blocks, span = frame_blocks([s.video for s in scenes], [s.frame_idx for s in scenes])
    number = int(blocks.max()) + 1
    estimates = resampled(scenes, blocks, draw_blocks(number, seed))
    return {
        "bootstrap.level": LEVEL,
        "bootstrap.resamples": RESAMPLES,
        "bootstrap.seed": seed,
        "bootstrap.blocks": number,
        "bootstrap.block_frames": span,
        **{f"interval.{name}": list(interval(values, number)) for name, values in estimates.items()},
    }


def resampled(scenes: Sequence[Scene], blocks: Array, draws: Array) -> dict[str, Array]:
    """Return the metrics (resamples,) of resamples, each by its name, NaN where there is nothing to divide by.

    Args:
        scenes: all frames.
        blocks: (frames,) the block of each.
        draws: (resamples, blocks) how often each block is in each resample.
    """
    return {
        **_distances(scenes, blocks, draws),
        **_shares(scenes, blocks, draws),
        "oks_voc.mAP": _mean_average_precision(scenes, blocks, draws),
    }


def _shares(scenes: Sequence[Scene], blocks: Array, draws: Array) -> dict[str, Array]:
    truth, predicted, found = (draws @ np.bincount(blocks, weights=number) for number in counts(scenes))
    similarity = draws @ np.bincount(blocks, weights=[s.similarity.sum() for s in scenes])
    return {
        "oks.mOKS": _divide(similarity, truth),
        "instances.recall": _divide(found, truth),
        "instances.precision": _divide(found, predicted),
    }


def _distances(scenes: Sequence[Scene], blocks: Array, draws: Array) -> dict[str, Array]:
    distance = joined(scenes, "distance").ravel()
    block = np.repeat(blocks, [s.distance.size for s in scenes])
    order = np.argsort(distance)[: int((~np.isnan(distance)).sum())]  # NaN come last
    distance, block = distance[order], block[order]
    bins = _bins(len(order))
    first, last = (np.flatnonzero(np.diff(bins, **end)) for end in ({"prepend": -1}, {"append": -1}))
    ends = np.stack([distance[first], distance[last]], axis=1)
    weights = draws @ _table(block, bins, (draws.shape[1], len(ends)))
    total = draws @ np.bincount(block, weights=distance, minlength=draws.shape[1])
    median, high = np.array([_percentiles(ends, row, (0.5, 0.9)) for row in weights]).T
    return {"dist.avg": _divide(total, weights.sum(axis=1)), "dist.p50": median, "dist.p90": high}


def _percentiles(ends: Array, weights: Array, shares: Sequence[float]) -> Array:
    """Return percentiles of values, of which bins with ends (bins, lowest and highest) hold so many each (bins,).

    As `np.percentile` does it; within a bin the values are taken to lie evenly from the one end to the other.
    """
    ends, weights = ends[weights > 0], weights[weights > 0]
    if not len(weights):
        return np.full(len(shares), np.nan)
    after = np.cumsum(weights)
    ranks = np.stack([after - weights, after - 1], axis=1)
    return np.interp(np.asarray(shares) * (after[-1] - 1), ranks.ravel(), ends.ravel())


def _mean_average_precision(scenes: Sequence[Scene], blocks: Array, draws: Array) -> Array:
    """Return the mean average precision of each resample (resamples,).

    All predictions in a bin count as one step. What that changes is known for all frames as they are, and taken off.
    """
    truth, predicted, _ = counts(scenes)
    order = order_by_score(joined(scenes, "scores"))
    hits = np.concatenate([s.hits for s in scenes], axis=1)[:, order]
    block, bins = np.repeat(blocks, predicted)[order], _bins(len(order))
    shape = (draws.shape[1], int(bins.max(initial=-1)) + 1)
    draws = np.concatenate([np.ones((1, draws.shape[1])), draws])
    ranks = np.cumsum(draws @ _table(block, bins, shape), axis=1)
    positives = draws @ np.bincount(blocks, weights=truth)
    total = np.zeros(len(draws))
    for hit in hits:
        true = np.cumsum(draws @ _table(block[hit], bins[hit], shape), axis=1)
        total += interpolated_precision(true, ranks - true, positives).mean(axis=1)
    binned = total / len(hits)
    return np.asarray(binned[1:] + average_precision(hits, int(truth.sum()))["mAP"] - binned[0])


def _bins(values: int) -> Array:
    """Return the bin of each of so many values in order."""
    return np.arange(values) * min(values, MOST_BINS) // max(values, 1)


def _table(block: Array, bins: Array, shape: tuple[int, int]) -> Array:
    """Return how many values each block has in each bin, as `shape` (blocks, bins)."""
    return np.bincount(block * shape[1] + bins, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _divide(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
