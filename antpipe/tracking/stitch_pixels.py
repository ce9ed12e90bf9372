"""What animals look like in the video: brightness and colour of their nodes and of what lies between them."""

from collections.abc import Iterator

import cv2
import numpy as np

from antpipe.geometry import Array
from antpipe.poses import Skeleton
from antpipe.tracking.stitch_rows import Rows
from antpipe.tracking.tracklets import Measure
from antpipe.video.read import Frame, VideoReader

EVERY = 4
"""Animals are looked at every so many frames."""
SPOT = 0.06
"""Side of the square whose mean is a node's colour, in body sizes."""


def pixel_measure(reader: VideoReader, skeleton: Skeleton, size: float) -> Measure:
    """Return a measure of the colours of nodes and of the middles of edges, read from an RGB video as a stream.

    Args:
        reader: the video that the poses are about, with three channels; a grey one counts once.
        skeleton: nodes and edges.
        size: of an animal, in pixels.
    """
    edges = np.array(skeleton.edge_indices(), np.int64).reshape(-1, 2)
    first = next(reader.frames())
    channels = 1 if (np.ptp(first.image, axis=-1) == 0).all() else 3
    side = max(1, round(SPOT * size))
    frames = _sampled(reader)
    held: list[Frame] = []

    def look(rows: Rows) -> Array:
        seen = np.full((len(rows), len(skeleton.nodes) + len(edges), channels), np.nan)
        wanted = np.unique(rows.frame_idx[rows.frame_idx % EVERY == 0])
        for idx in wanted:
            while not held or held[-1].index < idx:
                nearest = next(frames, None)
                if nearest is None:
                    return seen.reshape(len(rows), -1)
                held[:] = [nearest]
            if held[-1].index == idx:
                here = np.flatnonzero(rows.frame_idx == idx)
                image = cv2.blur(np.ascontiguousarray(held[-1].image[..., :channels]), (side, side))
                seen[here] = _colours(image.reshape(*image.shape[:2], channels), rows.points[here], edges)
        return seen.reshape(len(rows), -1)

    return Measure(look=look, features=(len(skeleton.nodes) + len(edges)) * channels, every=EVERY)


def _sampled(reader: VideoReader) -> Iterator[Frame]:
    return (frame for frame in reader.frames() if frame.index % EVERY == 0)


def _colours(image: Array, points: Array, edges: Array) -> Array:
    """Return the image's values (instances, places, channels) at nodes (instances, nodes, 2) and middles of edges."""
    places = np.concatenate([points, (points[:, edges[:, 0]] + points[:, edges[:, 1]]) / 2], axis=1)
    height, width = image.shape[:2]
    x, y = np.rint(np.nan_to_num(places, nan=-1)).astype(np.int64).transpose(2, 0, 1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    values = image[y.clip(0, height - 1), x.clip(0, width - 1)].astype(np.float64)
    return np.where(inside[..., None], values, np.nan)
