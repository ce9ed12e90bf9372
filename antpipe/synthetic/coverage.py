"""Which pixels strokes and ellipses touch, and how much of each.

Pixel centres lie at integers and coverage is worked out from the distance to the outline, so a shape's centre of
mass is where its coordinates say, whatever part of a pixel they fall on.
"""

from dataclasses import dataclass

import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.body import Ellipses

TINY = 1e-4
"""Length in pixels below which a stroke is a dot."""


@dataclass(frozen=True, kw_only=True)
class Fragments:
    """The pixels that shapes touch; all arrays are (fragments,)."""

    pixel: Array
    """Index into the flattened layers (moments x height x width)."""
    moment: Array
    shape: Array
    """Index of the shape within its moment."""
    cover: Array
    """Part of the pixel under the shape, 0 to 1."""
    along: Array
    """Position along the shape, -1 to 1; for strokes 0."""
    across: Array
    """Position across the shape, -1 to 1."""


def stroke_fragments(shape: tuple[int, ...], starts: Array, stops: Array, widths: Array) -> Fragments:
    """Return the pixels of layers of `shape` that strokes touch; see `paint_strokes`."""
    moments, strokes = starts.shape[:2]
    starts, stops = (np.asarray(a, np.float32).reshape(-1, 2) for a in (starts, stops))
    widths = np.tile(np.asarray(widths, np.float32), (moments, 1))
    axis, length = _axes(starts, stops)
    row, x, y = _band(starts, stops, float(widths.max()))
    ax, ay = axis[row, :1], axis[row, 1:]
    near_x, near_y = x - starts[row, :1], y - starts[row, 1:]
    along, across = near_x * ax + near_y * ay, near_y * ax - near_x * ay
    width = widths[row, :1] + np.clip(along / length[row], 0, 1) * np.diff(widths)[row]
    # A square end of this length covers as much as a round one.
    end = np.pi / 4 * width
    cover = _below(width - across) - _below(-width - across)
    cover *= _below(np.where(length > TINY, length, 0)[row] + end - along) - _below(-end - along)
    seen = _seen(shape, cover, x, y)
    stroke = row[seen // cover.shape[1]]
    return Fragments(
        pixel=_pixel_index(shape, stroke // strokes, x.take(seen), y.take(seen)),
        moment=stroke // strokes,
        shape=stroke % strokes,
        cover=cover.take(seen),
        along=np.zeros(len(stroke), np.float32),
        across=np.clip((across / np.maximum(width, 0.5)).take(seen), -1, 1),
    )


def ellipse_fragments(shape: tuple[int, ...], ellipses: Ellipses) -> Fragments:
    """Return the pixels of layers of `shape` that ellipses (moments, parts) touch, sorted by part."""
    moments = len(ellipses.centre)
    centre, axis = (np.swapaxes(a, 0, 1).reshape(-1, 2).astype(np.float32) for a in (ellipses.centre, ellipses.axis))
    length, breadth = (a.T.reshape(-1, 1).astype(np.float32) for a in (ellipses.half_length, ellipses.half_width))
    taper = np.repeat(ellipses.taper, moments)[:, None].astype(np.float32)
    row, x, y = _boxes(centre, np.maximum(length, breadth * (1 + np.abs(taper)))[:, 0] + 1)
    ax, ay = axis[row, :1], axis[row, 1:]
    near_x, near_y = x - centre[row, :1], y - centre[row, 1:]
    along = (near_x * ax + near_y * ay) / length[row]
    width = breadth[row] * (1 + taper[row] * np.clip(along, -1, 1))
    across = (near_y * ax - near_x * ay) / width
    radius = _norm(along, across)
    slope = _norm(along / length[row], across / width)
    cover = _below((1 - radius) * np.maximum(radius, 1e-3) / np.maximum(slope, 1e-6))
    seen = _seen(shape, cover, x, y)
    index = row[seen // cover.shape[1]]
    return Fragments(
        pixel=_pixel_index(shape, index % moments, x.take(seen), y.take(seen)),
        moment=index % moments,
        shape=index // moments,
        cover=cover.take(seen),
        along=along.take(seen),
        across=across.take(seen),
    )


def _axes(starts: Array, stops: Array) -> tuple[Array, Array]:
    """Return the directions (strokes, 2) and lengths (strokes, 1) of strokes; a dot lies along x."""
    run = stops - starts
    length = np.maximum(_norm(run[:, 0], run[:, 1]), TINY)[:, None]
    return np.where(length > TINY, run / length, np.array([1, 0], np.float32)), length


def _band(starts: Array, stops: Array, width: float) -> tuple[Array, Array, Array]:
    """Return the pixels near strokes as rows: the stroke (rows,) of each, and x and y (rows, pixels).

    A row crosses its stroke along the image's columns, or along its rows where the stroke is steep.
    """
    run = np.abs(stops - starts)
    steep = (run[:, 1] > run[:, 0])[:, None]
    first, last = (np.where(steep, points[:, ::-1], points) for points in (starts, stops))
    margin = int(np.ceil(1.42 * (width + 1)))
    low = np.floor(np.minimum(first[:, 0], last[:, 0])) - margin
    row, step = _ragged((run.max(axis=1) + 2 * margin + 2).astype(np.int64))
    major = low[row] + step
    reach = last - first
    part = np.clip((major - first[row, 0]) / np.where(np.abs(reach[:, 0]) < TINY, 1, reach[:, 0])[row], 0, 1)
    middle = np.round(first[row, 1] + part * reach[row, 1])
    minor = middle[:, None] + np.arange(-margin - 1, margin + 2, dtype=np.float32)
    major = np.broadcast_to(major[:, None], minor.shape)
    return row, np.where(steep[row], minor, major), np.where(steep[row], major, minor)


def _boxes(centres: Array, reach: Array) -> tuple[Array, Array, Array]:
    """Return the pixels of boxes around centres (n, 2) as rows: the box (rows,), and x and y (rows, pixels)."""
    low = np.floor(centres - reach[:, None])
    row, step = _ragged((2 * reach + 2).astype(np.int64))
    grid = np.arange(int(2 * reach.max()) + 2, dtype=np.float32)
    x, y = np.broadcast_arrays(low[row, :1] + grid, (low[row, 1] + step)[:, None])
    return row, x, y


def _ragged(counts: Array) -> tuple[Array, Array]:
    """Return 0, 0, ..., 1, 1, ... with the given counts, and the place of each within its run as float32."""
    index = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return index, (np.arange(len(index)) - starts[index]).astype(np.float32)


def _below(edge: Array) -> Array:
    """Return how much of a pixel at 0 lies below an edge, seen through a lens that blurs by about half a pixel.

    The pixel's weight falls linearly to 0 at a distance of 1. With such weights the centre of mass of what is drawn
    does not depend on where it falls between the pixels, however thin it is; with plain areas it would.
    """
    near = np.clip(edge, -1, 1)
    return 0.5 + near - 0.5 * near * np.abs(near)


def _norm(x: Array, y: Array) -> Array:
    # np.hypot guards against overflow at ten times the cost.
    return np.sqrt(x * x + y * y)


def _seen(shape: tuple[int, ...], cover: Array, x: Array, y: Array) -> Array:
    """Return the flat indices of covered pixels that lie inside layers of `shape`."""
    return np.flatnonzero((cover > 1e-3) & (x >= 0) & (y >= 0) & (x < shape[2]) & (y < shape[1]))


def _pixel_index(shape: tuple[int, ...], moment: Array, x: Array, y: Array) -> Array:
    """Return the index into flattened layers of `shape` of pixels (x, y)."""
    return (moment * shape[1] + y.astype(np.int64)) * shape[2] + x.astype(np.int64)
