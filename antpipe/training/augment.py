"""Random changes of a training sample: one warp, then the gray values."""

import cv2
import numpy as np

from antpipe.config.augmentation import AugmentationConfig
from antpipe.geometry import Array


def draw_centre(rng: np.random.Generator, image: Array, size: tuple[int, int]) -> Array:
    """Return the middle (x, y) of a window of `size` (width, height), anywhere in an image, at whole pixels.

    Where the image is smaller than the window, its own middle.
    """
    inside = np.array([image.shape[1], image.shape[0]])
    window = np.minimum(size, inside)
    return rng.integers(0, inside - window, endpoint=True) + (window - 1) / 2


def draw_warp(
    config: AugmentationConfig, rng: np.random.Generator, centre: Array, size: tuple[int, int]
) -> tuple[Array, bool]:
    """Return a random affine map (2, 3) from image to crop, and whether it mirrors.

    The point `centre` of the image comes to the middle of the crop of `size` (width, height), give or take the
    translation; rotation, scale and mirroring are about that point.
    """
    angle = np.deg2rad(_uniform(rng, config.rotation, 0.0))
    scale = _uniform(rng, config.scale, 1.0)
    shift = np.array([_uniform(rng, config.translation, 0.0) for _ in range(2)])
    mirror_x = config.flip_horizontal and rng.random() < 0.5
    mirror_y = config.flip_vertical and rng.random() < 0.5
    cos, sin = np.cos(angle), np.sin(angle)
    linear = (
        scale * np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if mirror_x else 1.0, -1.0 if mirror_y else 1.0])
    )
    middle = (np.array(size) - 1) / 2 + shift
    return np.column_stack([linear, middle - linear @ centre]), mirror_x != mirror_y


def warp_image(image: Array, matrix: Array, size: tuple[int, int]) -> Array:
    """Return the crop of `size` (width, height) that an affine map (2, 3) takes from an image; zeros outside."""
    crop = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return crop.reshape(size[1], size[0], image.shape[2])


def warp_points(points: Array, matrix: Array) -> Array:
    """Return points (..., 2) moved by an affine map (2, 3)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def change_values(image: Array, config: AugmentationConfig, rng: np.random.Generator) -> Array:
    """Return a uint8 image with random contrast, brightness and noise."""
    if config.contrast is not None or config.brightness is not None:
        low, high = config.contrast or (1.0, 1.0)
        exponent = np.exp(rng.uniform(np.log(low), np.log(high)))
        levels = (np.arange(256) / 255) ** exponent * 255 + _uniform(rng, config.brightness, 0.0)
        image = levels.round().clip(0, 255).astype(np.uint8)[image]
    noise = np.zeros((), np.float32)
    if config.uniform_noise is not None:
        noise = noise + rng.uniform(*config.uniform_noise, image.shape).astype(np.float32)
    if config.gaussian_noise is not None:
        noise = noise + rng.normal(*config.gaussian_noise, image.shape).astype(np.float32)
    return image if noise.ndim == 0 else (image + noise).round().clip(0, 255).astype(np.uint8)


def reach(config: AugmentationConfig, size: int) -> int:
    """Return how far from the centre, in pixels of the image, a crop of `size` can take its pixels from."""
    smallest = config.scale[0] if config.scale is not None else 1.0
    shift = max(map(abs, config.translation)) if config.translation is not None else 0.0
    turned = 2**0.5 if config.rotation is not None else 1.0
    return int(np.ceil((size / 2 + shift) * turned / min(smallest, 1.0))) + 2


def _uniform(rng: np.random.Generator, bounds: tuple[float, float] | None, default: float) -> float:
    return float(rng.uniform(*bounds)) if bounds is not None else default
