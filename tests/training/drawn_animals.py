"""Animals of three bright blobs, drawn at known places."""

import numpy as np

from antpipe.poses import Skeleton
from antpipe.training.samples import LabelledFrame

SKELETON = Skeleton(nodes=("head", "L", "R"), edges=(("head", "L"), ("head", "R")), symmetries=(("L", "R"),))
BRIGHTNESS = {"head": 100.0, "L": 240.0, "R": 170.0}


def draw_blobs(size, points, heights, sigma=2.0):
    """A gray image (height, width, 1) with a Gaussian of a height around each point."""
    down, across = np.mgrid[: size[1], : size[0]]
    image = np.zeros(down.shape)
    for (x, y), height in zip(points, heights, strict=True):
        if np.isfinite(x + y):
            image = np.maximum(image, height * np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * sigma**2)))
    return image.round().astype(np.uint8)[..., None]


def centre_of_light(image):
    """The centre (x, y) of the light in an image."""
    light = image[..., 0].astype(np.float64)
    down, across = np.mgrid[: light.shape[0], : light.shape[1]]
    return np.array([(light * across).sum(), (light * down).sum()]) / light.sum()


def draw_frames(count, seed, size=(72, 56), animals=2, sigma=2.0):
    """Labelled frames of animals in random places and directions, apart from each other and from the border."""
    rng = np.random.default_rng(seed)
    frames = []
    for frame_idx in range(count):
        angle = rng.uniform(0, 2 * np.pi, animals)
        middle = np.column_stack(
            [
                np.linspace(16, size[0] - 16, animals) + rng.uniform(-3, 3, animals),
                rng.uniform(14, size[1] - 14, animals),
            ]
        )
        turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=-1).reshape(-1, 2, 2)
        body = np.array([[7.0, 0.0], [-5.0, -5.0], [-5.0, 5.0]])  # seen from above, y down: left is -y
        points = np.einsum("aij,nj->ani", turn, body) + middle[:, None]
        image = draw_blobs(size, points.reshape(-1, 2), list(BRIGHTNESS.values()) * animals, sigma)
        frames.append(LabelledFrame(video="film", frame_idx=frame_idx, image=image, points=points))
    return frames
