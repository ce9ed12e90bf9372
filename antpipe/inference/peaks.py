"""Peaks of confidence maps, to a fraction of a cell."""

from typing import NamedTuple

import cv2
import numpy as np

from antpipe.geometry import Array

PATCH = 2
"""Cells on each side of a peak that take part in its refinement."""


class Peaks(NamedTuple):
    """Peaks as arrays of equal length; row and column are cells of the map."""

    sample: Array
    row: Array
    column: Array
    channel: Array
    value: Array


def find_local_peaks(maps: Array, threshold: float) -> Peaks:
    """Return all cells of maps (samples, height, width, channels) above `threshold` that no neighbour tops.

    Of neighbouring cells with the same value the first in reading order is the peak, so that an animal that lies
    exactly between two cells is found once (SLEAP finds it not at all).
    """
    found = []
    for sample in range(maps.shape[0]):
        for channel in range(maps.shape[3]):
            cells = np.ascontiguousarray(maps[sample, :, :, channel])
            is_peak = (
                (cells > threshold) & (cells > _neighbours(cells, _BEFORE)) & (cells >= _neighbours(cells, _AFTER))
            )
            row, column = np.nonzero(is_peak)
            ones = np.ones(len(row), np.int64)
            found.append((ones * sample, row, column, ones * channel, cells[row, column]))
    return Peaks(*(np.concatenate(c) for c in zip(*found, strict=True)))


def find_global_peaks(maps: Array) -> Peaks:
    """Return the highest cell of each map (samples, height, width, channels), samples first, then channels."""
    samples, height, width, channels = maps.shape
    flat = maps.reshape(samples, height * width, channels)
    best = flat.argmax(axis=1).ravel()
    sample, channel = np.repeat(np.arange(samples), channels), np.tile(np.arange(channels), samples)
    return Peaks(sample, best // width, best % width, channel, flat[sample, best, channel])


def refine_gaussian(maps: Array, peaks: Peaks) -> Array:
    """Return the (x, y) of the Gaussian through the 5x5 cells around each peak, in cells, as (peaks, 2).

    The logarithm of a Gaussian is a parabola; it is fitted by least squares weighted with the squared height
    (Guo 2011), so the result has no bias for any spread and also where the map ends inside the 5x5 cells.
    """
    values, inside = _patches(maps, peaks)
    top = np.maximum(peaks.value, 1e-12)[:, None].astype(np.float64)
    relative = np.clip(values / top, 1e-3, None)
    weights = (np.clip(values / top, 0, None) * inside) ** 2
    weighted = _BASIS[None] * weights[..., None]
    normal = np.einsum("npi,pj->nij", weighted, _BASIS) + 1e-9 * np.eye(5)
    right = np.einsum("npi,np->ni", weighted, np.log(relative))
    _, bx, by, ax, ay = np.linalg.solve(normal, right[..., None])[..., 0].T
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.stack([np.where(ax < 0, -bx / (2 * ax), 0), np.where(ay < 0, -by / (2 * ay), 0)], axis=-1)
    return _cells(peaks) + np.clip(offset, -1, 1)


def refine_integral(maps: Array, peaks: Peaks) -> Array:
    """Return the centre of mass of the 5x5 cells around each peak, in cells, as (peaks, 2), as SLEAP does.

    It is drawn towards the middle of the peak's cell when the Gaussian is wider than the 5x5 cells.
    """
    values, inside = _patches(maps, peaks)
    values = np.where(inside, values, 0)
    total = values.sum(axis=1)
    total = np.where(total == 0, 1, total)
    offset = np.stack([(values * _DX).sum(axis=1) / total, (values * _DY).sum(axis=1) / total], axis=-1)
    return _cells(peaks) + offset


def refine_offsets(offsets: Array, peaks: Peaks) -> Array:
    """Return each peak moved by the offsets (samples, height, width, 2 * channels) predicted at its cell, in cells."""
    at = (peaks.sample, peaks.row, peaks.column)
    return _cells(peaks) + np.stack([offsets[(*at, 2 * peaks.channel + axis)] for axis in (0, 1)], axis=-1)


_DY, _DX = (g.ravel().astype(np.float64) for g in np.mgrid[-PATCH : PATCH + 1, -PATCH : PATCH + 1])
_BASIS = np.stack([np.ones_like(_DX), _DX, _DY, _DX**2, _DY**2], axis=-1)
_BEFORE = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], np.uint8)
_AFTER = np.array([[0, 0, 0], [0, 0, 1], [1, 1, 1]], np.uint8)


def _neighbours(cells: Array, which: Array) -> Array:
    # OpenCV's default border of a dilation never wins, so cells at the edge have fewer neighbours.
    return cv2.dilate(cells, which)


def _patches(maps: Array, peaks: Peaks) -> tuple[Array, Array]:
    """Return the values (peaks, 25) around each peak and which of them lie inside the map."""
    height, width = maps.shape[1:3]
    rows = peaks.row[:, None] + _DY.astype(np.int64)
    columns = peaks.column[:, None] + _DX.astype(np.int64)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = maps[peaks.sample[:, None], rows.clip(0, height - 1), columns.clip(0, width - 1), peaks.channel[:, None]]
    return values.astype(np.float64), inside


def _cells(peaks: Peaks) -> Array:
    return np.stack([peaks.column, peaks.row], axis=-1).astype(np.float64)
