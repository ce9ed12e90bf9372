"""What the ants walk on: leaves and paper, with veins, fibres, stains and dirt."""

import cv2
import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.difficulty import Difficulty

Rng = np.random.Generator
Size = tuple[int, int]
"""Width and height in pixels."""


def make_background(rng: Rng, size: Size, body_length: float, traits: Difficulty) -> Array:
    """Return a surface (height, width, 3), float32 RGB from 0 to 255, whose grain suits ants of that length."""
    surface = (_green_leaf, _dry_leaf, _paper)[rng.integers(3)]
    picture = surface(rng, size, body_length)
    picture *= 1 + 0.05 * clouds(rng, size, 6 * body_length)[..., None]
    _scatter_debris(rng, picture, body_length, traits)
    picture = cv2.GaussianBlur(picture, (0, 0), max(traits.defocus, 0.3))
    return np.clip(picture, 0, 255).astype(np.float32)


def make_vignette(rng: Rng, size: Size, loss: float) -> Array:
    """Return the share of light (height, width, 3) that reaches each pixel: less in the corners and to one side."""
    x, y = np.linspace(-1, 1, size[0])[None, :], np.linspace(-1, 1, size[1])[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    side = (x * np.cos(angle) + y * np.sin(angle)) / 3
    share = 1 - loss * ((x**2 + y**2) / 2 + side - 0.15)
    return np.repeat(share[..., None].astype(np.float32), 3, axis=2)


def clouds(rng: Rng, size: Size, cell: float) -> Array:
    """Return smooth noise (height, width) of about unit variance, with lumps of `cell` pixels."""
    grid = rng.standard_normal((int(size[1] / cell) + 4, int(size[0] / cell) + 4)).astype(np.float32)
    step = 1 / cell
    shift = rng.random(2) + 1
    x, y = np.meshgrid(np.arange(size[0]) * step + shift[0], np.arange(size[1]) * step + shift[1])
    return cv2.remap(grid, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC) * 1.4


def _plain(rng: Rng, size: Size, colour: tuple[int, int, int], grain: tuple[tuple[float, float], ...]) -> Array:
    """Return a surface of one colour with grains of the given (lump size in pixels, grey levels)."""
    tint = np.array(colour, np.float32) * (1 + 0.02 * rng.standard_normal(3).astype(np.float32))
    light = np.sum([depth * clouds(rng, size, max(cell, 1.0)) for cell, depth in grain], axis=0)
    return np.asarray(tint + light[..., None], np.float32)


def _green_leaf(rng: Rng, size: Size, body_length: float) -> Array:
    grain = ((2.2 * body_length, 6.0), (0.35 * body_length, 2.5), (0.08 * body_length, 3.0), (1.5, 2.0))
    picture = _plain(rng, size, (166, 184, 128), grain)
    picture += clouds(rng, size, 1.5 * body_length)[..., None] * np.array([7, 2, 1], np.float32)
    return _add_veins(rng, picture, body_length, np.array([26, 22, 26], np.float32))


def _dry_leaf(rng: Rng, size: Size, body_length: float) -> Array:
    grain = ((2.0 * body_length, 9.0), (0.4 * body_length, 4.0), (0.1 * body_length, 3.5), (1.5, 2.5))
    picture = _plain(rng, size, (196, 180, 140), grain)
    picture += clouds(rng, size, body_length)[..., None] * np.array([3, 0, -5], np.float32)
    return _add_veins(rng, picture, body_length, np.array([-20, -22, -20], np.float32))


def _paper(rng: Rng, size: Size, body_length: float) -> Array:
    grain = ((3.0 * body_length, 5.0), (0.25 * body_length, 2.0), (0.05 * body_length, 2.5), (1.2, 2.0))
    picture = _plain(rng, size, (208, 210, 204), grain)
    fibres = np.zeros((size[1], size[0]), np.float32)
    for _ in range(size[0] * size[1] // 900):
        start, angle = rng.random(2) * size, rng.uniform(0, np.pi)
        bend = angle + rng.normal(0, 0.4)
        reach = rng.uniform(0.1, 0.4) * body_length
        middle = start + reach * np.array([np.cos(angle), np.sin(angle)])
        stop = middle + reach * np.array([np.cos(bend), np.sin(bend)])
        _line(fibres, np.array([start, middle, stop]), float(rng.normal(0, 7)), 1)
    return np.asarray(picture + cv2.GaussianBlur(fibres, (0, 0), 0.7)[..., None], np.float32)


def _add_veins(rng: Rng, picture: Array, body_length: float, colour: Array) -> Array:
    """Draw a midrib through the picture, side veins that branch from it, and the net between them."""
    height, width = picture.shape[:2]
    veins = np.zeros((height, width), np.float32)
    angle, reach = rng.uniform(0, np.pi), float(np.hypot(width, height))
    middle = np.array([width, height]) * rng.uniform(0.25, 0.75, 2)
    along, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    for place in np.arange(-reach, reach, rng.uniform(1.1, 1.6) * body_length):
        for way in (-1, 1):
            _side_vein(rng, veins, middle + place * along, along, way * side, reach, body_length)
    net = np.abs(clouds(rng, (width, height), 0.45 * body_length))
    veins = np.maximum(veins, 0.28 * np.clip(1 - net / 0.12, 0, 1))
    steps = np.linspace(-reach, reach, 30)[:, None]
    midrib = middle + steps * along + 0.15 * body_length * np.sin(steps / (4 * body_length)) * side
    _line(veins, midrib, 1.0, max(2, round(0.11 * body_length)))
    soft = cv2.GaussianBlur(veins, (0, 0), 0.02 * body_length + 0.4)
    relief = soft - np.roll(soft, (2, 2), axis=(0, 1))
    return np.asarray(picture + soft[..., None] * colour + 9 * relief[..., None], np.float32)


def _side_vein(
    rng: Rng, veins: Array, start: Array, along: Array, side: Array, reach: float, body_length: float
) -> None:
    steps = np.linspace(0, reach, 25)[:, None]
    bow = steps**1.25 / reach**0.25
    points = start + steps * 0.85 * side + 0.75 * bow * along
    points += rng.normal(0, 0.03 * body_length, points.shape)
    _line(veins, points, rng.uniform(0.45, 0.7), max(1, round(0.035 * body_length)))


def _scatter_debris(rng: Rng, picture: Array, body_length: float, traits: Difficulty) -> None:
    """Strew specks, crumbs and bits of straw, each with a shadow."""
    height, width = picture.shape[:2]
    for _ in range(rng.poisson(traits.debris * height * width / 1e4)):
        layer = np.zeros((height, width), np.uint8)
        place = rng.random(2) * (width, height)
        _one_bit(rng, layer, place, body_length)
        colour = np.array([92, 68, 46]) * rng.uniform(0.5, 1.7)
        x, y, w, h = cv2.boundingRect(cv2.findNonZero(layer)) if layer.any() else (0, 0, 0, 0)
        window = slice(max(y - 6, 0), y + h + 6), slice(max(x - 6, 0), x + w + 6)
        mask = layer[window][..., None].astype(np.float32) / 255
        shadow = cv2.GaussianBlur(np.roll(mask[..., 0], (2, 2), axis=(0, 1)), (0, 0), 1.2)[..., None]
        picture[window] = picture[window] * (1 - 0.7 * traits.shadow * shadow) * (1 - mask) + mask * colour


def _one_bit(rng: Rng, layer: Array, place: Array, body_length: float) -> None:
    size = body_length * 0.012 * np.exp(rng.normal(0.6, 0.7))
    angle = rng.uniform(0, np.pi)
    if rng.random() < 0.3:
        reach = 4 * size * np.array([np.cos(angle), np.sin(angle)])
        _line(layer, np.array([place - reach, place + rng.normal(0, size, 2), place + reach]), 255, 1)
    else:
        turns = np.sort(rng.uniform(0, 2 * np.pi, 7))
        radius = size * rng.uniform(0.6, 1.4, 7)
        blob = place + radius[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        cv2.fillPoly(layer, [_fixed(blob)], 255, cv2.LINE_AA, 4)


def _line(image: Array, points: Array, value: float, thickness: int) -> None:
    cv2.polylines(image, [_fixed(points)], False, value, thickness, cv2.LINE_AA, 4)


def _fixed(points: Array) -> Array:
    """Return points as cv2's integers with four binary digits after the point."""
    return np.round(points * 16).astype(np.int32)
