"""Antialiased shapes on premultiplied RGBA layers: strokes for limbs, shaded ellipses for the body.

Pixel centres lie at integers and coverage is worked out from the distance to the outline, so a shape's centre of
mass is where its coordinates say, whatever part of a pixel they fall on. Several layers, the moments of an exposure,
are painted at once, and only pixels that a shape touches cost time.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.body import Ellipses

TINY = 1e-4
"""Length in pixels below which a stroke is a dot."""
RIM = 0.35
"""How much darker a limb is at its edge."""
AMBIENT = 0.5
"""Light that comes from everywhere, of all light."""
GLOSS, GLOSS_POWER = 105.0, 22
"""Grey levels that a highlight adds, and how small it is."""


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


def make_layers(moments: int, size: tuple[int, int]) -> Array:
    """Return empty layers (moments, height, width, 4), float32."""
    return np.zeros((moments, size[1], size[0], 4), np.float32)


def paint_strokes(layers: Array, starts: Array, stops: Array, widths: Array, colours: Array, light: Array) -> None:
    """Paint straight lines over the layers, shaded as round bars.

    Strokes do not hide each other: where two meet, their colours mix.

    Args:
        layers: (moments, height, width, 4), changed in place.
        starts: (moments, strokes, 2) first end in pixels.
        stops: (moments, strokes, 2) other end.
        widths: (strokes, 2) half widths at both ends, in pixels.
        colours: (strokes, 3) from 0 to 255.
        light: (3,) unit vector towards the light.
    """
    marks = stroke_fragments(layers.shape, starts, stops, widths)
    run = stops - starts
    sideways = (run[..., 0] * light[1] - run[..., 1] * light[0]) / (_norm(run[..., 0], run[..., 1]) + 1e-6)
    facing = sideways[marks.moment, marks.shape].astype(np.float32)
    bright = marks.cover * (1 - RIM * marks.across**2 + 0.4 * facing * marks.across)
    flat = layers.reshape(-1, 4)
    touched, slot = _distinct(marks.pixel, len(flat))
    weight = np.bincount(slot, marks.cover, len(touched))
    mixed = np.empty((len(touched), 4), np.float32)
    for channel in range(3):
        mixed[:, channel] = np.bincount(slot, bright * colours[marks.shape, channel], len(touched)) / weight
    mixed[:, 3] = 1
    mixed *= np.minimum(weight, 1)[:, None]
    flat[touched] = flat[touched] * (1 - mixed[:, 3:]) + mixed


def paint_ellipses(layers: Array, ellipses: Ellipses, colours: Array, light: Array) -> None:
    """Paint the parts of a body over the layers, one over the other, as glossy solids.

    Args:
        layers: (moments, height, width, 4), changed in place.
        ellipses: the parts (moments, parts).
        colours: (parts, steps, 3) from each part's front to its rear, 0 to 255.
        light: (3,) unit vector towards the light.
    """
    marks = ellipse_fragments(layers.shape, ellipses)
    source = np.empty((len(marks.pixel), 4), np.float32)
    source[:, :3] = _shade(marks, ellipses, _pattern(marks, colours), light)
    source[:, 3] = 1
    source *= marks.cover[:, None]
    flat = layers.reshape(-1, 4)
    # Fragments come sorted by part, and a part touches a pixel only once.
    stops = np.searchsorted(marks.shape, np.arange(len(colours)), side="right")
    for start, stop in zip([0, *stops[:-1]], stops, strict=True):
        pixel, mine = marks.pixel[start:stop], source[start:stop]
        flat[pixel] = flat[pixel] * (1 - mine[:, 3:]) + mine


def stroke_fragments(shape: tuple[int, ...], starts: Array, stops: Array, widths: Array) -> Fragments:
    """Return the pixels of layers of `shape` that strokes touch; see `paint_strokes`."""
    moments, strokes = starts.shape[:2]
    starts, stops = (np.asarray(a, np.float32).reshape(-1, 2) for a in (starts, stops))
    widths = np.tile(np.asarray(widths, np.float32), (moments, 1))
    x, y = _band(starts, stops, float(widths.max()))
    axis, length = _axes(starts, stops)
    near_x, near_y = x - starts[:, 0, None, None], y - starts[:, 1, None, None]
    along = near_x * axis[:, 0, None, None] + near_y * axis[:, 1, None, None]
    across = near_y * axis[:, 0, None, None] - near_x * axis[:, 1, None, None]
    width = widths[:, 0, None, None] + np.clip(along / length, 0, 1) * np.diff(widths)[..., None]
    # A square end of this length covers as much as a round one.
    end = np.pi / 4 * width
    cover = _below(width - across) - _below(-width - across)
    cover *= _below(length * (length > TINY) + end - along) - _below(-end - along)
    seen = _seen(shape, cover, x, y)
    stroke = seen // cover[0].size
    return Fragments(
        pixel=_pixel_index(shape, stroke // strokes, x.take(seen), y.take(seen)),
        moment=stroke // strokes,
        shape=stroke % strokes,
        cover=cover.take(seen),
        along=np.zeros(len(stroke), np.float32),
        across=np.clip((across / np.maximum(width, 0.5)).take(seen), -1, 1),
    )


def _axes(starts: Array, stops: Array) -> tuple[Array, Array]:
    """Return the directions (strokes, 2) and lengths (strokes, 1, 1) of strokes; a dot lies along x."""
    run = stops - starts
    length = np.maximum(_norm(run[:, 0], run[:, 1]), TINY)[:, None]
    axis = np.where(length > TINY, run / length, np.array([1, 0], np.float32))
    return axis, length[..., None]


def _below(edge: Array) -> Array:
    """Return how much of a pixel at 0 lies below an edge, seen through a lens that blurs by about half a pixel.

    The pixel's weight falls linearly to 0 at a distance of 1. With such weights the centre of mass of what is drawn
    does not depend on where it falls between the pixels, however thin it is; with plain areas it would.
    """
    near = np.clip(edge, -1, 1)
    return 0.5 + near - 0.5 * near * np.abs(near)


def _band(starts: Array, stops: Array, width: float) -> tuple[Array, Array]:
    """Return x and y (strokes, steps, across) of the pixels along strokes, one row or column after the other."""
    run = stops - starts
    steep = np.abs(run[:, 1]) > np.abs(run[:, 0])
    first, last = (np.where(steep[:, None], points[:, ::-1], points) for points in (starts, stops))
    margin = int(np.ceil(1.42 * (width + 1)))
    low = np.floor(np.minimum(first[:, 0], last[:, 0])) - margin
    steps = np.arange(np.abs(last - first)[:, 0].max() + 2 * margin + 2, dtype=np.float32)
    major = low[:, None] + steps
    length = np.where(np.abs(last - first)[:, :1] < 1e-6, 1, (last - first)[:, :1])
    part = np.clip((major - first[:, :1]) / length, 0, 1)
    middle = np.round(first[:, 1:] + part * (last - first)[:, 1:])
    minor = middle[..., None] + np.arange(-margin - 1, margin + 2, dtype=np.float32)
    major = np.broadcast_to(major[..., None], minor.shape)
    steep = steep[:, None, None]
    return np.where(steep, minor, major), np.where(steep, major, minor)


def ellipse_fragments(shape: tuple[int, ...], ellipses: Ellipses) -> Fragments:
    """Return the pixels of layers of `shape` that ellipses (moments, parts) touch, sorted by part."""
    moments, parts = ellipses.half_length.shape
    centre, axis = (np.swapaxes(a, 0, 1).reshape(-1, 2).astype(np.float32) for a in (ellipses.centre, ellipses.axis))
    length, breadth = (a.T.reshape(-1, 1, 1).astype(np.float32) for a in (ellipses.half_length, ellipses.half_width))
    taper = np.repeat(ellipses.taper, moments)[:, None, None].astype(np.float32)
    reach = np.maximum(length, breadth * (1 + np.abs(taper))).max() + 2
    low = np.floor(centre - reach)
    grid = np.arange(int(2 * reach) + 2, dtype=np.float32)
    x, y = np.broadcast_arrays((grid + low[:, :1])[:, None, :], (grid + low[:, 1:])[:, :, None])
    near_x, near_y = x - centre[:, 0, None, None], y - centre[:, 1, None, None]
    ax, ay = axis[:, 0, None, None], axis[:, 1, None, None]
    along = (near_x * ax + near_y * ay) / length
    width = breadth * (1 + taper * np.clip(along, -1, 1))
    across = (near_y * ax - near_x * ay) / width
    radius = _norm(along, across)
    slope = _norm(along / length, across / width)
    cover = _below((1 - radius) * np.maximum(radius, 1e-3) / np.maximum(slope, 1e-6))
    seen = _seen(shape, cover, x, y)
    index = seen // cover[0].size
    return Fragments(
        pixel=_pixel_index(shape, index % moments, x.take(seen), y.take(seen)),
        moment=index % moments,
        shape=index // moments,
        cover=cover.take(seen),
        along=along.take(seen),
        across=across.take(seen),
    )


def paint_over(image: Array, layer: Array, left: int, top: int) -> None:
    """Paint a premultiplied layer over the part of the image whose first pixel is (left, top); the rest is cut."""
    target, source = overlap(image, layer, left, top)
    if target.size:
        target *= cv2.merge([1 - source[..., 3]] * 3)
        target += source[..., :3]


def overlap(image: Array, layer: Array, left: int, top: int) -> tuple[Array, Array]:
    """Return views of the image and of the layer, whose first pixel lies at (left, top), where they overlap."""
    height, width = image.shape[:2]
    x0, y0 = min(max(left, 0), width), min(max(top, 0), height)
    x1, y1 = max(min(left + layer.shape[1], width), x0), max(min(top + layer.shape[0], height), y0)
    return image[y0:y1, x0:x1], layer[y0 - top : y1 - top, x0 - left : x1 - left]


def _norm(x: Array, y: Array) -> Array:
    # np.hypot guards against overflow at ten times the cost.
    return np.sqrt(x * x + y * y)


def _distinct(pixel: Array, total: int) -> tuple[Array, Array]:
    """Return the distinct ones of indices below `total`, and the place of each index among them."""
    place = np.zeros(total, np.int32)
    place[pixel] = 1
    distinct = np.flatnonzero(place)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[pixel]


def _seen(shape: tuple[int, ...], cover: Array, x: Array, y: Array) -> Array:
    """Return the flat indices of covered pixels that lie inside layers of `shape`."""
    return np.flatnonzero((cover > 1e-3) & (x >= 0) & (y >= 0) & (x < shape[2]) & (y < shape[1]))


def _pixel_index(shape: tuple[int, ...], moment: Array, x: Array, y: Array) -> Array:
    """Return the index into flattened layers of `shape` of pixels (x, y)."""
    return (moment * shape[1] + y.astype(np.int64)) * shape[2] + x.astype(np.int64)


def _pattern(marks: Fragments, colours: Array) -> Array:
    # The rings of a gaster are seen from above and behind, so they bend.
    place = (marks.along - 0.12 * marks.across**2 + 1) * (colours.shape[1] / 2)
    return colours[marks.shape, np.clip(place, 0, colours.shape[1] - 1).astype(np.intp)]


def _shade(marks: Fragments, ellipses: Ellipses, colours: Array, light: Array) -> Array:
    """Return the colours (fragments, 3) under the light that an ellipsoid gets there, with its highlight."""
    slim = (ellipses.half_width / ellipses.half_length)[marks.moment, marks.shape]
    up = np.sqrt(np.clip(1 - marks.along**2 - marks.across**2, 0.02, 1))
    forward = marks.along * slim
    normal = np.stack([forward, marks.across, up]) / np.sqrt(up**2 + forward**2 + marks.across**2)
    between = light + np.array([0, 0, 1])
    facing, gloss = (
        np.clip((normal * _in_part(ellipses, vector)[:, marks.moment, marks.shape]).sum(axis=0), 0, 1)
        for vector in (light, between / np.linalg.norm(between))
    )
    rim = 0.62 + 0.38 * up
    bright = (AMBIENT + (1.25 - AMBIENT) * facing) * rim
    return colours * bright[:, None] + (GLOSS * gloss**GLOSS_POWER)[:, None]


def _in_part(ellipses: Ellipses, vector: Array) -> Array:
    """Return a vector (3,) as (3, moments, parts): its share along, across, and above each part."""
    axis = ellipses.axis
    along, across = axis @ vector[:2], axis[..., 0] * vector[1] - axis[..., 1] * vector[0]
    return np.stack([along, across, np.full_like(along, vector[2])]).astype(np.float32)
