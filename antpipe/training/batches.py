"""Batches for training and validation; every draw follows from the seed, the epoch and the step."""

from collections.abc import Iterator, Sequence

import numpy as np

from antpipe.config.augmentation import AugmentationConfig
from antpipe.geometry import Array
from antpipe.training.augment import change_values, draw_centre, draw_warp, warp_image, warp_points
from antpipe.training.samples import Sample

Batch = tuple[Array, Array]
"""Images (batch, height, width, channels) uint8 and what is true (batch, instances, nodes, 3) float32: x and y in
their pixels, NaN where there is nothing, and the class of the instance."""


def training_batches(
    samples: list[Sample],
    *,
    size: tuple[int, int],
    config: AugmentationConfig,
    flip_order: Array,
    batch_size: int,
    steps: int,
    seed: int,
    epoch: int,
    balanced: bool = False,
) -> Iterator[Batch]:
    """Yield `steps` batches of augmented samples; each epoch goes through all samples in a new order.

    Args:
        samples: what to draw from.
        size: width and height of the network's input in training.
        config: the random changes.
        flip_order: node indices after left and right change places.
        batch_size: samples per batch.
        steps: batches per epoch.
        seed: of all draws.
        epoch: which epoch, from 0.
        balanced: whether videos are drawn equally often, instead of samples.
    """
    order = _order([s.video for s in samples] if balanced else [""] * len(samples), steps * batch_size, seed, epoch)
    most = max(max(len(s.points) for s in samples), 1)
    for step in range(steps):
        rows = order[step * batch_size : (step + 1) * batch_size]
        drawn = [
            _augment(samples[row], size, config, flip_order, np.random.default_rng([seed, epoch, step, slot]))
            for slot, row in enumerate(rows)
        ]
        yield _stack(drawn, [samples[row].classes for row in rows], most)


def validation_batches(samples: list[Sample], *, size: tuple[int, int], batch_size: int) -> Iterator[Batch]:
    """Yield all samples once, as they are, as inference would see them: cut at whole pixels, nothing changed."""
    most = max(max(len(s.points) for s in samples), 1)
    for start in range(0, len(samples), batch_size):
        part = samples[start : start + batch_size]
        yield _stack([_plain(sample, size) for sample in part], [sample.classes for sample in part], most)


def _order(groups: Sequence[str], wanted: int, seed: int, epoch: int) -> Array:
    """Return the numbers of the samples to be drawn: of each group equally many, and of its samples equally often."""
    rng = np.random.default_rng([seed, epoch])
    members = [np.flatnonzero(np.array(groups) == name) for name in sorted(set(groups))]
    turns = -(-wanted // len(members))
    columns = [
        np.concatenate([rng.permutation(rows) for _ in range(-(-turns // len(rows)))])[:turns] for rows in members
    ]
    return rng.permuted(np.stack(columns, axis=1), axis=1).ravel()[:wanted]


def _augment(
    sample: Sample,
    size: tuple[int, int],
    config: AugmentationConfig,
    flip_order: Array,
    rng: np.random.Generator,
) -> Batch:
    centre = sample.centre if config.random_crop is None else draw_centre(rng, sample.image, size)
    matrix, mirrored = draw_warp(config, rng, centre, size)
    points = warp_points(sample.points, matrix)
    if mirrored:
        points = points[:, flip_order]
    return change_values(warp_image(sample.image, matrix, size), config, rng), points


def _plain(sample: Sample, size: tuple[int, int]) -> Batch:
    corner = np.floor(sample.centre - (np.array(size) - 1) / 2 + 0.5)
    if sample.image.shape[1] <= size[0] and sample.image.shape[0] <= size[1]:
        corner = np.zeros(2)  # a whole frame, which inference pads at the right and the bottom
    matrix = np.array([[1, 0, -corner[0]], [0, 1, -corner[1]]])
    return warp_image(sample.image, matrix, size), warp_points(sample.points, matrix)


def _stack(drawn: list[Batch], classes: list[Array], most: int) -> Batch:
    truth = np.full((len(drawn), most, drawn[0][1].shape[1], 3), np.nan, np.float32)
    truth[..., 2] = -1
    for row, ((_, points), numbers) in enumerate(zip(drawn, classes, strict=True)):
        truth[row, : len(points), :, :2] = points
        truth[row, : len(points), :, 2] = numbers[:, None]
    return np.stack([image for image, _ in drawn]), truth
