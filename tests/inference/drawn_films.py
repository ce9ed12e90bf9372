"""Bright blobs at known places, and a network that always knows where they are.

The network is a plain function: it fits a Gaussian to every blob of its input image and draws the maps that a perfectly
trained network would give. So what is tested with it is our geometry alone.
"""

import cv2
import numpy as np

from antpipe.config.model import ModelConfig
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton

SIZE = 110, 94
FPS = 12.5
HEIGHTS = [240.0, 180.0]
BLOB = 5.0
"""Standard deviation of a blob, in pixels of the frame."""
BOTTOM = 0.15
"""Part of a blob's height below which a pixel is left out of the fit; outside of the frame there is black."""


def draw(points, size, heights=None, channels=1):
    """A uint8 image of `size` (width, height) with a blob around each point (n, 2)."""
    down, across = np.mgrid[: size[1], : size[0]]
    image = np.zeros(down.shape)
    for (x, y), height in zip(points, heights or [240.0] * len(points), strict=True):
        image = np.maximum(image, height * np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * BLOB**2)))
    return np.repeat(image.round().astype(np.uint8)[..., None], channels, axis=2)


def find_blobs(image):
    """The places (n, 2) and heights (n,) of all blobs of an image (height, width), by a fit to the logarithm.

    Pixels beside the end of the frame are left out: scaling has repeated them, or mixed them with what is outside.
    """
    places, heights = [], []
    labels = cv2.connectedComponents((image > 20).astype(np.uint8))[1]
    around = cv2.copyMakeBorder((image > 0).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    inside = cv2.erode(around, np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    for label in range(1, labels.max() + 1):
        top = image[labels == label].max()
        rows, columns = np.nonzero((labels == label) & (image > BOTTOM * top) & inside)
        value = image[rows, columns].astype(np.float64)
        if len(value) < 6:
            continue
        x, y = columns - columns.mean(), rows - rows.mean()
        basis = np.stack([np.ones_like(x), x, y, x**2, y**2], axis=1) * value[:, None]
        _, bx, by, ax, ay = np.linalg.lstsq(basis, np.log(value) * value, rcond=None)[0]
        places.append([columns.mean() - bx / (2 * ax), rows.mean() - by / (2 * ay)])
        heights.append(top / 255)
    return np.array(places).reshape(-1, 2), np.array(heights)


def draw_map(places, heights, shape, stride, sigma):
    """The confidence map (rows, columns) of points: a cell (row, column) lies on pixel (column, row) * stride."""
    rows, columns = (-(-side // stride) for side in shape)
    down, across = np.mgrid[:rows, :columns] * stride
    cells = np.zeros((rows, columns))
    for (x, y), height in zip(places, heights, strict=True):
        squared = (across - x) ** 2 + (down - y) ** 2
        cells = np.maximum(cells, height * np.exp(-squared / (2 * (sigma * stride) ** 2)))
    return cells


def knowing_network(stride, sigma=1.5):
    """An engine that gives one map with all blobs of an image, and remembers the sizes of its batches."""

    def run(images):
        run.batches.append(len(images))
        maps = [draw_map(*find_blobs(image[..., 0]), image.shape[:2], stride, sigma) for image in images]
        return [np.stack(maps)[..., None].astype(np.float32)]

    run.batches = []
    return run


def spec_of(
    model_type,
    *,
    crop_size=None,
    scale=1.0,
    stride=2,
    nodes=("a",),
    channels=1,
    offsets=False,
    from_sleap=False,
    max_stride=8,
    **unet,
):
    config = ModelConfig.model_validate(
        {
            "input": {"scale": scale, "channels": channels},
            "backbone": {"unet": {"max_stride": max_stride, **unet}},
            "head": {"output_stride": stride, "offset_refinement": offsets},
        }
    )
    return ModelSpec(
        model_type=model_type,
        config=config,
        skeleton=Skeleton(nodes=tuple(nodes)),
        crop_size=crop_size,
        from_sleap=from_sleap,
    )


def places(frame_idx):
    """Where the animals of a frame of the drawn film are: none in frame 2, one in frame 5, else two."""
    if frame_idx == 2:
        return np.zeros((0, 2))
    moving = np.array([[20.0 + 1.3 * frame_idx, 25.0], [85.0, 70.0 - 0.7 * frame_idx]])
    return moving[:1] if frame_idx == 5 else moving
