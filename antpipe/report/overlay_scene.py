"""The frames of a film with poses drawn on them, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from antpipe.export.source import PosesSource
from antpipe.export.tracks import track_names
from antpipe.geometry import Array, Transform, bounding_boxes, resize_transform
from antpipe.poses import Poses, empty_poses
from antpipe.report.colours import Colour, track_colours
from antpipe.report.draw import overlay_frame
from antpipe.report.draw_labels import LabelPlaces
from antpipe.report.overlay_source import fitting_source
from antpipe.report.trails import Trails
from antpipe.video.read import Frame, VideoReader


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is the same in every frame that is drawn."""

    source: PosesSource
    size: tuple[int, int]
    """Width and height of the drawn frames."""
    to_image: Transform
    """From the coordinates of `source` to pixels of the drawn frames."""
    colours: dict[str, Colour]
    animal_size: float
    trail_seconds: float
    labels: bool
    scores: bool
    places: LabelPlaces


def make_scene(
    reader: VideoReader, path: Path, max_width: int | None, trail_seconds: float, labels: bool, scores: bool
) -> Scene:
    """Return what a film and its poses need to be drawn; arguments and errors as in `render_overlay`."""
    source = fitting_source(reader, path)
    full = (reader.width, reader.height)
    factor = min(1.0, max_width / full[0]) if max_width else 1.0
    size = (max(2, round(full[0] * factor)), max(2, round(full[1] * factor)))
    to_image = resize_transform(full, size)
    return Scene(
        source=source,
        size=size,
        to_image=to_image,
        colours=track_colours(track_names(path)),
        animal_size=_animal_size(source, to_image, default=size[1] / 10),
        trail_seconds=trail_seconds,
        labels=labels,
        scores=scores,
        places=LabelPlaces(),
    )


def _animal_size(source: PosesSource, to_image: Transform, default: float) -> float:
    """Return the median diagonal of the animals in the first rows, in pixels of the drawn frames."""
    for poses in source:
        boxes = bounding_boxes(to_image(poses.points))
        sizes = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        if not np.isnan(sizes).all():
            return float(np.nanmedian(sizes))
    return default


def drawn_frames(reader: VideoReader, scene: Scene, first: int, last: int) -> Iterator[tuple[int, Array]]:
    """Yield (frame index, drawn image) of every frame that can be decoded."""
    trails = Trails(round(scene.trail_seconds * reader.fps))
    rows = _rows_by_frame(scene)
    idx, poses = next(rows)
    nothing = empty_poses(scene.source.info)
    for frame in reader.frames(first, last):
        while idx < frame.index:
            trails.add(idx, poses)
            idx, poses = next(rows)
        here = poses if idx == frame.index else nothing
        trails.add(frame.index, here)
        yield frame.index, _draw(scene, frame, here, trails)


def _rows_by_frame(scene: Scene) -> Iterator[tuple[int, Poses]]:
    """Yield (frame index, its instances in pixels of the drawn frames), and in the end a frame that never comes."""
    for poses in scene.source:
        moved = replace(poses, points=scene.to_image(poses.points))
        for idx, rows in moved.by_frame():
            yield idx, moved[rows]
    yield np.iinfo(np.int64).max, empty_poses(scene.source.info)


def _draw(scene: Scene, frame: Frame, poses: Poses, trails: Trails) -> Array:
    image: Array = frame.image
    if scene.size != (image.shape[1], image.shape[0]):
        image = cv2.resize(image, scene.size, interpolation=cv2.INTER_AREA)
    return overlay_frame(
        image,
        poses,
        colours=scene.colours,
        animal_size=scene.animal_size,
        trails=trails.now(frame.index),
        labels=scene.labels,
        scores=scene.scores,
        places=scene.places,
        caption=f"frame {frame.index}   {_clock(frame.time_s)}",
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 100), 6000)
    return f"{minutes}:{rest // 100:02}.{rest % 100:02}"
