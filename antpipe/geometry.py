"""Every coordinate transform: raw video, frame, model input, crop and heat map.

Coordinates are (x, y) in pixels with pixel centres at integers, so pixel (0, 0) covers -0.5 to 0.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Transform:
    """An axis-aligned map of coordinates, `new = scale * old + offset`, for x and y."""

    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __call__(self, points: Array) -> Array:
        """Return points (..., 2) in the new coordinates; NaN stays NaN."""
        points = np.asarray(points)
        moved = points * np.asarray(self.scale) + np.asarray(self.offset)
        return moved.astype(points.dtype if points.dtype.kind == "f" else np.float64)

    def then(self, after: "Transform") -> "Transform":
        """Return the transform that does this one first and `after` second."""
        return Transform(
            scale=_pair(a * b for a, b in zip(self.scale, after.scale, strict=True)),
            offset=_pair(s * o + p for s, o, p in zip(after.scale, self.offset, after.offset, strict=True)),
        )

    def inverse(self) -> "Transform":
        """Return the transform that undoes this one."""
        return Transform(
            scale=_pair(1 / s for s in self.scale),
            offset=_pair(-o / s for s, o in zip(self.scale, self.offset, strict=True)),
        )

    def to_dict(self) -> dict[str, list[float]]:
        """Return the transform as plain numbers, for a sidecar or a file's metadata."""
        return {"scale": list(self.scale), "offset": list(self.offset)}

    @classmethod
    def from_dict(cls, value: dict[str, Sequence[float]]) -> "Transform":
        """Return the transform that `to_dict` wrote."""
        return cls(scale=_pair(value["scale"]), offset=_pair(value["offset"]))


IDENTITY = Transform()


def resize_transform(old: tuple[int, int], new: tuple[int, int]) -> Transform:
    """Return the map of coordinates when an image of `old` (width, height) is resized to `new`.

    Image edges, not pixel centres, keep their place, as in `cv2.resize` and ffmpeg's `scale`:
    `new_x = (old_x + 0.5) * factor - 0.5`.
    """
    scale = _pair(n / o for n, o in zip(new, old, strict=True))
    return Transform(scale=scale, offset=_pair((s - 1) / 2 for s in scale))


def crop_transform(left: float, top: float) -> Transform:
    """Return the map from image to crop coordinates for a crop whose first pixel is at (left, top)."""
    return Transform(offset=(-left, -top))


def cell_transform(stride: int) -> Transform:
    """Return the map from heat-map cells to input pixels: cell (row, column) lies on pixel (column, row) * stride.

    SLEAP's convention, so that weights and targets mean the same in both.
    """
    return Transform(scale=(float(stride), float(stride)))


def crop_origins(centroids: Array, size: int) -> Array:
    """Return the integer (left, top) of square crops of `size` around centroids (n, 2).

    The crop's middle is within half a pixel of the centroid; the part inside the crop that the rounding moves is
    undone exactly by `crop_transform` with the same integers.
    """
    return np.floor(np.asarray(centroids, np.float64) - (size - 1) / 2 + 0.5).astype(np.int64)


def padded_size(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return (width, height) enlarged to multiples of `stride`; padding goes to the right and the bottom."""
    return -(-size[0] // stride) * stride, -(-size[1] // stride) * stride


def bounding_boxes(points: Array) -> Array:
    """Return the boxes (instances, 4) of points (instances, nodes, 2) as left, top, right, bottom; NaN if empty."""
    points = np.asarray(points, np.float64)
    visible = ~np.isnan(points).any(axis=-1, keepdims=True)
    low = np.where(visible, points, np.inf).min(axis=1, initial=np.inf)
    high = np.where(visible, points, -np.inf).max(axis=1, initial=-np.inf)
    boxes = np.concatenate([low, high], axis=-1)
    boxes[~np.isfinite(boxes).all(axis=-1)] = np.nan
    return boxes


def centroids(points: Array, anchor: int | None = None) -> Array:
    """Return the centroids (instances, 2) of points (instances, nodes, 2).

    The anchor node where it is visible, else the middle of the bounding box of the visible nodes (as in SLEAP);
    NaN for an instance without a visible node.
    """
    points = np.asarray(points, np.float64)
    boxes = bounding_boxes(points)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    if anchor is None:
        return middle
    at_anchor = points[:, anchor]
    return np.where(np.isnan(at_anchor).any(axis=-1, keepdims=True), middle, at_anchor)


def _pair(values: Any) -> tuple[float, float]:
    first, second = (float(v) for v in values)
    return first, second
