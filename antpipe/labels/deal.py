"""Dealing labelled frames to parts: each function returns the part of every frame, as numbers from 0."""

from collections.abc import Sequence

import numpy as np

from antpipe.errors import LabelError
from antpipe.geometry import Array


def deal_frames(instances: Array, shares: Sequence[float], rng: np.random.Generator) -> Array:
    """Deal single frames, given their numbers of instances, so that all parts get frames with few and with many."""
    return _deal_in_order(_stratified(instances, shares, rng), np.ones(len(instances), int), shares)


def deal_videos(video: Array, shares: Sequence[float], rng: np.random.Generator) -> Array:
    """Deal whole videos, given the video of every frame; the largest first, as they are the hardest to place.

    Raises:
        LabelError: if there are fewer videos than parts.
    """
    _, group, sizes = np.unique(video, return_inverse=True, return_counts=True)
    if len(sizes) < len(shares):
        raise LabelError(
            f"split by video: expected at least {len(shares)} labelled videos, one per part, got {len(sizes)}; split "
            "by block, or set the test fraction to 0"
        )
    order = np.lexsort((rng.random(len(sizes)), -sizes))
    return _deal_in_order(order, sizes, shares)[group]


def deal_blocks(
    video: Array, instances: Array, block_frames: int, shares: Sequence[float], rng: np.random.Generator
) -> Array:
    """Deal blocks of consecutive frames, given the video and the number of instances of every frame.

    Frames must come by video and in time. Blocks with few and with many instances go to all parts alike.

    Raises:
        LabelError: if there are fewer blocks than parts.
    """
    first = np.searchsorted(video, video)
    number = (np.arange(len(video)) - first) // block_frames
    _, group, sizes = np.unique(np.stack([video, number]), axis=1, return_inverse=True, return_counts=True)
    if len(sizes) < len(shares):
        raise LabelError(
            f"split: {len(video)} labelled frames make {len(sizes)} blocks of {block_frames}, expected at least "
            f"{len(shares)}, one per part; choose a smaller block_frames"
        )
    crowd = np.bincount(group.ravel(), instances) / sizes
    return _deal_in_order(_stratified(crowd, shares, rng), sizes, shares)[group.ravel()]


def deal_runs(video: Array, shares: Sequence[float], rng: np.random.Generator) -> Array:
    """Cut every video into one run of consecutive frames per part, in a drawn order of the parts.

    Frames must come by video and in time. What rounding takes from a part in one video, the next video gives back.
    """
    part = _deal_in_order(np.arange(len(video)), np.ones(len(video), int), shares)
    for v in np.unique(video):
        place = rng.permutation(len(shares))
        mine = part[video == v]
        part[video == v] = mine[np.argsort(place[mine], kind="stable")]
    return part


def _stratified(crowd: Array, shares: Sequence[float], rng: np.random.Generator) -> Array:
    """Return an order of units, from small crowds to large ones, at random among as many as serve every part once."""
    order = np.lexsort((rng.random(len(crowd)), crowd))
    stratum = np.arange(len(order)) // int(np.ceil(1 / min(shares)))
    return order[np.lexsort((rng.random(len(order)), stratum))]


def _deal_in_order(order: Array, sizes: Array, shares: Sequence[float]) -> Array:
    """Give each unit, in the given order, to the part that lacks most; no part stays empty."""
    part = np.zeros(len(sizes), int)
    filled = np.zeros(len(shares))
    for done, unit in enumerate(order):
        lack = np.asarray(shares) * (filled.sum() + sizes[unit]) - filled
        empty = filled == 0
        if empty.sum() >= len(sizes) - done:
            lack[~empty] = -np.inf
        part[unit] = lack.argmax()
        filled[part[unit]] += sizes[unit]
    return part
