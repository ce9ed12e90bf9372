"""A video frame as the network's input: channels, scale, padding. Training and inference use the same functions."""

import cv2
import numpy as np

from antpipe.geometry import Array, padded_size


def to_channels(image: Array, channels: int) -> Array:
    """Return an image (height, width, 1 or 3) with the asked number of channels; gray is luma (BT.601 weights)."""
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=2)
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]


def scale_image(image: Array, size: tuple[int, int]) -> Array:
    """Return an image (height, width, channels) resized to `size` (width, height), edges keeping their place.

    Shrinking averages over the area, so that fine texture does not turn into noise; growing is bilinear.
    """
    height, width, channels = image.shape
    if (width, height) == size:
        return image
    shrinks = size[0] < width or size[1] < height
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.reshape(size[1], size[0], channels)


def pad_image(image: Array, stride: int) -> Array:
    """Return an image with zeros added at the right and bottom until both sides are multiples of `stride`."""
    height, width, channels = image.shape
    new_width, new_height = padded_size((width, height), stride)
    if (new_width, new_height) == (width, height):
        return image
    padded = np.zeros((new_height, new_width, channels), image.dtype)
    padded[:height, :width] = image
    return padded


def crop_image(image: Array, left: int, top: int, size: int) -> Array:
    """Return the square of `size` pixels whose first pixel is (left, top); zeros where it leaves the image."""
    height, width, channels = image.shape
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size, width), min(top + size, height)
    if (x1 - x0, y1 - y0) == (size, size):
        return image[y0:y1, x0:x1]
    crop = np.zeros((size, size, channels), image.dtype)
    if x1 > x0 and y1 > y0:
        crop[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return crop


def crop_between_pixels(image: Array, left: float, top: float, size: int) -> Array:
    """Return a bilinear crop whose first pixel lies at the fraction (left, top); zeros outside, as SLEAP crops."""
    matrix = np.array([[1, 0, left], [0, 1, top]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return crop.reshape(size, size, image.shape[2])
