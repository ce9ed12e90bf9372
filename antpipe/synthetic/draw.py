"""Antialiased shapes on premultiplied RGBA layers: strokes for limbs, shaded ellipses for the body.

Several layers, the moments of an exposure, are painted at once, and only pixels that a shape touches cost time.
"""

import cv2
import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.body import Ellipses
from antpipe.synthetic.coverage import Fragments, ellipse_fragments, stroke_fragments

RIM = 0.35
"""How much darker a limb is at its edge."""
AMBIENT = 0.5
"""Light that comes from everywhere, of all light."""
GLOSS, GLOSS_POWER = 105.0, 22
"""Grey levels that a highlight adds, and how small it is."""


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
    sideways = (run[..., 0] * light[1] - run[..., 1] * light[0]) / (np.linalg.norm(run, axis=-1) + 1e-6)
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


def _distinct(pixel: Array, total: int) -> tuple[Array, Array]:
    """Return the distinct ones of indices below `total`, and the place of each index among them."""
    place = np.zeros(total, np.int32)
    place[pixel] = 1
    distinct = np.flatnonzero(place)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[pixel]


def _pattern(marks: Fragments, colours: Array) -> Array:
    # The rings of a gaster are seen from above and behind, so they bend.
    place = (marks.along - 0.12 * marks.across**2 + 1) * (colours.shape[1] / 2)
    return colours[marks.shape, np.clip(place, 0, colours.shape[1] - 1).astype(np.intp)]


def _shade(marks: Fragments, ellipses: Ellipses, colours: Array, light: Array) -> Array:
    """Return the colours (fragments, 3) under the light that an ellipsoid gets there, with its highlight."""
    slim = (ellipses.half_width / ellipses.half_length).astype(np.float32)[marks.moment, marks.shape]
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
