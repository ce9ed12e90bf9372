"""The empty scene on which the ways of animals are drawn, with axes in pixels of the raw video or in millimetres."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes

from antpipe.config.features import FeaturesConfig
from antpipe.errors import VideoError
from antpipe.export.source import PosesSource
from antpipe.features.lengths import length_unit
from antpipe.features.places import centre_node, centres
from antpipe.geometry import Array, Transform, resize_transform
from antpipe.poses import Poses
from antpipe.report.overlay_source import fitting_source
from antpipe.video.read import VideoReader

LONGER_SIDE = 1600
"""Pixels of the scene; films are shrunk to it."""
_SAMPLES = 31
"""Frames of which the scene is the median: what moves in most of them is gone."""
_STRIP = 64
"""Rows for which the median is taken at once."""
_LIGHT, _LEAST_BRIGHT = 90, 32
"""Shade of gray above which a scene is drawn on white, and that to which the noise of a black one is not brought up."""
_FADED = 0.45
"""How much of the scene's contrast is left, so that colours stand out."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The empty scene, and the poses in its pixels."""

    image: Array
    """(height, width, 3) RGB, uint8."""
    source: PosesSource
    to_image: Transform
    """From the coordinates of `source` to pixels of `image`."""
    to_unit: Transform
    """From pixels of `image` to the unit of the axes."""
    unit: str
    """px (of the raw video) or mm."""
    centre: int | None
    """The node that stands for an animal's place; None for the median of the visible ones."""

    def places(self) -> Iterator[tuple[Poses, Array]]:
        """Yield rows in frame order, with their animals' places (rows, 2) in pixels of the image.

        NaN where there is none; memory is that of one row group.
        """
        for poses in self.source:
            yield poses, self.to_image(centres(poses, self.centre).astype(np.float64))

    @property
    def dark(self) -> bool:
        """Whether the scene is black rather than white."""
        return bool(np.median(self.image) < 128)


def make_ground(video: str | Path, poses_path: str | Path, features: FeaturesConfig) -> Ground:
    """Return the scene of a film, and the poses on it.

    Args:
        video: the video that the poses are about, or the raw video that it was made from.
        poses_path: the poses, tracked or not.
        features: of this video: which node is an animal's place, and how many pixels a millimetre has.

    Raises:
        ConfigError: if the skeleton has no such node.
        PosesError: if the poses do not fit the video.
        VideoError: if the video cannot be read.
    """
    with VideoReader(video, channels=3) as reader:
        source = fitting_source(reader, Path(poses_path))
        full = (reader.width, reader.height)
        factor = min(1.0, LONGER_SIDE / max(full))
        size = (max(1, round(full[0] * factor)), max(1, round(full[1] * factor)))
        image = _median(list(_sample(reader, source, size)))
    to_image = resize_transform(full, size)
    unit, pixels = length_unit(features)
    in_unit = Transform(scale=(1 / pixels, 1 / pixels))
    return Ground(
        image=_fade(image),
        source=source,
        to_image=to_image,
        to_unit=to_image.inverse().then(source.info.to_raw).then(in_unit),
        unit=unit,
        centre=centre_node(features, source.info.skeleton),
    )


def show_scene(axes: Axes, image: Array, ground: Ground) -> None:
    """Let the axes show an image of the scene, with ticks in its unit."""
    height, width = image.shape[:2]
    (left, top), (right, bottom) = ground.to_unit(np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]]))
    axes.imshow(image, extent=(left, right, bottom, top), interpolation="antialiased")
    axes.set_xlabel(f"x ({ground.unit})")
    axes.set_ylabel(f"y ({ground.unit})")


def _sample(reader: VideoReader, source: PosesSource, size: tuple[int, int]) -> Iterator[Array]:
    """Yield frames spread over those examined."""
    examined = source.info.frames
    first, last = (examined[0][0], examined[-1][1]) if examined else (0, reader.frame_count)
    last = min(last, reader.frame_count)
    wanted = np.unique(np.linspace(first, max(last - 1, first), _SAMPLES).astype(np.int64))
    found = 0
    for index in wanted.tolist():
        try:
            image = reader.read(index).image
        except VideoError:
            continue  # a damaged frame is one sample fewer
        found += 1
        yield cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if not found:
        raise VideoError(f"{reader.path}: none of {len(wanted)} frames could be decoded; look at it in a player")


def _median(frames: list[Array]) -> Array:
    strips = (np.stack([f[top : top + _STRIP] for f in frames]) for top in range(0, len(frames[0]), _STRIP))
    return np.concatenate([np.median(strip, axis=0) for strip in strips]).astype(np.uint8)


def _fade(image: Array) -> Array:
    """Return the image in shades of gray, with less contrast, towards white or black, whichever is nearer."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    if np.median(gray) > _LIGHT:
        faded = 255 + _FADED * (gray - 255)
    else:
        # Films in infrared light are so dark that the scene would not be seen at all.
        brightest = max(np.percentile(gray, 99.5), _LEAST_BRIGHT)
        faded = _FADED * np.clip(gray * 255 / brightest, 0, 255)
    return np.repeat(faded[..., None], 3, axis=-1).astype(np.uint8)
