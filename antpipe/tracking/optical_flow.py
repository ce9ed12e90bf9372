"""Optical flow: where the pixels under a pose went."""

import numpy as np

from antpipe.errors import ConfigError
from antpipe.geometry import IDENTITY, Array, resize_transform
from antpipe.tracking.memory import Memory
from antpipe.tracking.registry import Setup

STEPS, STEP_PX = 30, 0.01
"""The search for a node ends after so many steps, or with one of so few pixels, as in SLEAP."""


class OpticalFlow:
    """Moves poses from the frames where they were seen to the present one (Lucas and Kanade 1981, in a pyramid).

    Nodes that are not found become invisible, as in SLEAP; a pose of which none is found stays where it was. Frames are
    read when poses were seen in them, and kept for `window` frames.

    Raises:
        ConfigError: if there is no video to look at.
    """

    def __init__(self, setup: Setup) -> None:
        if setup.images is None:
            raise ConfigError(
                f"track.method {setup.config.method!r} looks at the pixels and needs the video, but none was given; "
                "name it with --video or choose another method"
            )
        self.config, self._read = setup.config, setup.images
        self._images: dict[int, Array] = {}
        self._scaled = IDENTITY

    def __call__(self, memory: Memory, frame_idx: int) -> Array:
        """Return the poses (poses, nodes, 2) of a memory in a later frame."""
        oldest = frame_idx - self.config.window
        self._images = {k: image for k, image in self._images.items() if k >= oldest}
        points = memory.points.copy()
        for before in np.unique(memory.frame_idx[memory.frame_idx >= oldest]).tolist():
            rows = memory.frame_idx == before
            points[rows] = self._follow(points[rows], before, frame_idx)
        return points

    def _follow(self, points: Array, before: int, now: int) -> Array:
        """Move poses from one frame to another, by way of those between that were read if they are to be saved."""
        between = sorted(k for k in self._images if before < k < now) if self.config.save_shifted_instances else []
        for after in [*between, now]:
            points, before = self._shift(points, before, after), after
        return points

    def _shift(self, points: Array, before: int, now: int) -> Array:
        import cv2

        old, new = self._image(before), self._image(now)
        seen = ~np.isnan(points[..., 0])
        start = self._scaled(points[seen]).astype(np.float32)[:, None]
        side = self.config.of_window_size
        found, status, _ = cv2.calcOpticalFlowPyrLK(
            old,
            new,
            start,
            np.empty_like(start),
            winSize=(side, side),
            maxLevel=self.config.of_max_levels,
            criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, STEP_PX),
        )
        moved = np.full(points.shape, np.nan)
        moved[seen] = np.where(status == 1, self._scaled.inverse()(found[:, 0]), np.nan)
        lost = np.isnan(moved[..., 0]).all(axis=1)
        return np.where(lost[:, None, None], points, moved)

    def _image(self, frame_idx: int) -> Array:
        """Return a frame (height, width), resized by `img_scale`."""
        import cv2

        if frame_idx not in self._images:
            image = np.ascontiguousarray(self._read(frame_idx)[..., 0])
            if self.config.img_scale != 1:
                height, width = image.shape
                size = max(round(width * self.config.img_scale), 1), max(round(height * self.config.img_scale), 1)
                self._scaled = resize_transform((width, height), size)
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            self._images[frame_idx] = image
        return self._images[frame_idx]
