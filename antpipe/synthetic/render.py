"""Draw the ants of a scene into frames: shadow, limbs, body, motion blur, optics and sensor."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from antpipe.geometry import Array
from antpipe.synthetic.background import make_background, make_vignette
from antpipe.synthetic.body import PARTS, Ellipses, body_parts, eyes, joined
from antpipe.synthetic.draw import make_layers, overlap, paint_ellipses, paint_over, paint_strokes
from antpipe.synthetic.gait import direction
from antpipe.synthetic.limbs import LEG_HEIGHTS, WIDTHS, leg_chains, limb_lines
from antpipe.synthetic.looks import Look, make_look
from antpipe.synthetic.scene import Scene, pose_at, random_numbers

SHUTTER = (np.arange(9) + 0.5) / 9 - 0.5
"""Moments of an exposure that are drawn for fast ants; slow ones need fewer."""
NEEDED = ((0.8, slice(4, 5)), (2.6, slice(2, 9, 4)), (4.5, slice(1, 9, 3)), (10.0, slice(0, 9, 2)))
"""Way of an ant's fastest limb in pixels during the exposure, up to which these of the moments will do."""
REACH = 0.20
"""Room around an ant's limbs for its gaster and shadow, in body lengths."""
NOISE_MARGIN = 64
"""Pixels by which the noise picture is larger than a frame, to be cut elsewhere each time."""


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What stays the same in all frames of a video: surface, light, colours of the ants, noise of the sensor."""

    background: Array
    """(height, width, 3) float32 RGB, 0 to 255."""
    vignette: Array
    """(height, width, 1) share of the light that arrives."""
    looks: tuple[Look, ...]
    light: Array
    """(3,) unit vector towards the light: x, y, and up."""
    noise: Array
    """(height + NOISE_MARGIN, width + NOISE_MARGIN, 3) grey levels."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One ant, or all of them, at the moments of an exposure, ready to be drawn. All lengths are in pixels."""

    starts: Array
    """(moments, ..., strokes, 2) first ends of the limbs."""
    stops: Array
    """(moments, ..., strokes, 2) other ends."""
    body: Ellipses
    """(moments, ..., parts) the body's parts, then the eyes."""
    legs: Array
    """(..., legs, 4, 2) coxa, knee, ankle and foot in the middle of the exposure."""
    length: Array
    """(...) body length."""


def make_studio(scene: Scene) -> Studio:
    """Return the surface, light and colours of a video."""
    rng = random_numbers(scene.config, scene.video, "studio")
    size = (scene.config.width, scene.config.height)
    background = make_background(rng, size, scene.config.body_length, scene.traits)
    azimuth, elevation = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(48, 62))
    mean = background.mean(axis=(0, 1))
    return Studio(
        background=background,
        vignette=make_vignette(rng, size, scene.traits.vignette),
        looks=tuple(make_look(rng, mean, scene.traits.contrast) for _ in range(scene.config.ants)),
        light=np.append(np.cos(elevation) * direction(np.array(azimuth)), np.sin(elevation)),
        noise=_make_noise(rng, (size[0] + NOISE_MARGIN, size[1] + NOISE_MARGIN), scene.traits.noise),
    )


def render_frame(scene: Scene, studio: Studio, frame: int) -> Array:
    """Return one frame (height, width, 3), uint8 RGB, with the shutter open around the frame's own time."""
    picture = studio.background.copy()
    moments = pose_at(scene, frame + scene.traits.exposure * SHUTTER)
    ants = make_figure(moments.points, scene.anatomy.length, moments.angles.antennae)
    for ant in np.argsort(scene.depth):
        figure = _needed_moments(_one_ant(ants, int(ant)))
        draw_ant(picture, figure, studio.looks[ant], studio.light, scene.traits.shadow, scene.traits.defocus)
    cv2.multiply(picture, studio.vignette, dst=picture)
    return _expose(picture, studio.noise, random_numbers(scene.config, scene.video, f"frame {frame}"))


def make_figure(points: Array, length: Array, antennae: Array) -> Figure:
    """Return the shapes of ants from nodes (moments, ..., nodes, 2), lengths (...), antennae (moments, ..., 2, 2)."""
    lengths = np.broadcast_to(length, points.shape[:-2])
    starts, stops = limb_lines(points, lengths, antennae)
    body = body_parts(points, lengths)
    legs = leg_chains(points[len(points) // 2], np.asarray(length))
    return Figure(starts=starts, stops=stops, body=joined(body, eyes(body)), legs=legs, length=np.asarray(length))


def draw_ant(picture: Array, ant: Figure, look: Look, light: Array, shadow: float, defocus: float) -> None:
    """Draw one ant and its shadow into a float32 RGB picture (height, width, 3), in place."""
    margin = REACH * ant.length + 4 * defocus + 2
    low = np.floor(np.minimum(ant.starts, ant.stops).min(axis=(0, 1)) - margin).astype(int)
    high = np.ceil(np.maximum(ant.starts, ant.stops).max(axis=(0, 1)) + margin).astype(int)
    left, top = (int(v) for v in low)
    width, height = (int(v) for v in high - low)
    ant = _moved(ant, -low)
    target, mask = overlap(picture, cast_shadow(ant, (width, height), light), left, top)
    if not target.size:
        return
    target *= cv2.merge([1 - shadow * mask] * 3)
    layer = paint_ant(ant, look, light, (width, height))
    paint_over(picture, cv2.GaussianBlur(layer, (0, 0), defocus), left, top)


def paint_ant(ant: Figure, look: Look, light: Array, size: tuple[int, int]) -> Array:
    """Return a premultiplied RGBA layer of `size` (width, height): the mean of all moments of an ant."""
    layers = make_layers(len(ant.starts), size)
    paint_strokes(layers, ant.starts, ant.stops, ant.length * WIDTHS, look.limbs, light)
    paint_ellipses(layers, ant.body, look.parts, light)
    return np.asarray(layers.mean(axis=0))


def cast_shadow(ant: Figure, size: tuple[int, int], light: Array) -> Array:
    """Return how much of the light (height, width) an ant takes, 0 to 1; the higher a part, the softer its shadow."""
    length = float(ant.length)
    throw = -light[:2] / light[2] * length
    legs, trunk = np.zeros(size[::-1], np.uint8), np.zeros(size[::-1], np.uint8)
    chains = _fixed(ant.legs + LEG_HEIGHTS[:, None] * throw)
    cv2.polylines(legs, list(chains), False, 150, max(1, round(0.02 * length)), cv2.LINE_AA, 4)
    body = ant.body[len(ant.starts) // 2]
    for index, part in enumerate(PARTS):
        reach = body.axis[index] * max(body.half_length[index] - body.half_width[index], 0)
        ends = _fixed(body.centre[index] + part.height * throw + np.stack([-reach, reach]))
        cv2.line(trunk, ends[0], ends[1], 255, max(1, round(1.7 * body.half_width[index])), cv2.LINE_AA, 4)
    legs = cv2.GaussianBlur(legs, (0, 0), 0.012 * length + 0.6)
    trunk = cv2.GaussianBlur(trunk, (0, 0), 0.035 * length + 0.6)
    return np.asarray(np.maximum(legs, trunk) * np.float32(1 / 255))


def _one_ant(ants: Figure, ant: int) -> Figure:
    return Figure(
        starts=ants.starts[:, ant],
        stops=ants.stops[:, ant],
        body=ants.body[:, ant],
        legs=ants.legs[ant],
        length=ants.length[ant],
    )


def _needed_moments(ant: Figure) -> Figure:
    """Keep as many moments as the ant's fastest limb needs, evenly around the middle one."""
    way = np.abs(ant.stops[-1] - ant.stops[0]).max()
    keep = next((moments for limit, moments in NEEDED if way < limit), slice(None))
    return replace(ant, starts=ant.starts[keep], stops=ant.stops[keep], body=ant.body[keep])


def _moved(ant: Figure, offset: Array) -> Figure:
    body = replace(ant.body, centre=ant.body.centre + offset)
    return replace(ant, starts=ant.starts + offset, stops=ant.stops + offset, body=body, legs=ant.legs + offset)


def _fixed(points: Array) -> Array:
    """Return points as cv2's integers with four binary digits after the point."""
    return np.round(points * 16).astype(np.int32)


def _make_noise(rng: np.random.Generator, size: tuple[int, int], strength: float) -> Array:
    """Return noise (height, width, 3) that the three colours share in part, as those of a Bayer sensor do."""
    shared = rng.standard_normal((size[1], size[0], 1), np.float32)
    return strength * (0.8 * shared + 0.6 * rng.standard_normal((size[1], size[0], 3), np.float32))


def _expose(picture: Array, noise: Array, rng: np.random.Generator) -> Array:
    """Add a piece of the noise and return the picture as uint8."""
    top, left = rng.integers(NOISE_MARGIN, size=2)
    height, width = picture.shape[:2]
    piece = noise[top : top + height, left : left + width]
    return np.asarray(cv2.add(picture, piece, dtype=cv2.CV_8U))
