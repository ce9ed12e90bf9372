"""Overlay videos and stills: the film with its poses drawn on it."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from antpipe.errors import PosesError, VideoError
from antpipe.export.source import PosesSource, open_source, track_names
from antpipe.files import atomic_path
from antpipe.geometry import IDENTITY, Array, Transform, bounding_boxes, resize_transform
from antpipe.poses import Poses, empty_poses, read_info
from antpipe.progress import show_progress
from antpipe.report.colours import Colour, track_colours
from antpipe.report.draw import overlay_frame
from antpipe.report.trails import Trails
from antpipe.video.read import Frame, VideoReader
from antpipe.video.write import VideoWriter


@dataclass(frozen=True, kw_only=True)
class _Scene:
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


def render_overlay(
    video: str | Path,
    poses_path: str | Path,
    output: str | Path,
    *,
    start: int | None = None,
    stop: int | None = None,
    seconds: float | None = None,
    max_width: int | None = None,
    trail_seconds: float = 2.0,
    labels: bool = True,
) -> None:
    """Write a video with skeletons, track names, trails, frame number and time drawn on it, as a stream.

    Args:
        video: the video that the poses are about, or the raw video that it was made from; its size tells which.
        poses_path: the poses, tracked or not.
        output: an MP4 file, which appears whole or not at all.
        start: the first frame drawn. None: the first one examined.
        stop: the frame after the last one drawn. None: that after the last one examined.
        seconds: at most this much film is drawn. None: no limit.
        max_width: a wider video is shrunk to this width in pixels. None: it stays as it is.
        trail_seconds: how far back the fading trails reach; 0 for none.
        labels: whether the track's name is written above each animal.

    Raises:
        PosesError: if the poses do not fit the video, or there is no frame to draw.
        VideoError: if the video cannot be read or written.
    """
    with VideoReader(video, channels=3) as reader:
        scene = _scene(reader, Path(poses_path), max_width, trail_seconds, labels)
        first, last = _span(reader, scene.source, start, stop, seconds)
        width, height = (side + side % 2 for side in scene.size)
        with (
            VideoWriter(output, width=width, height=height, fps=reader.fps) as writer,
            show_progress("overlay") as advance,
        ):
            for idx, image in _drawn_frames(reader, scene, first, last):
                padded = _pad(image, width, height)
                # In place of frames that cannot be decoded the next one is shown, so that the film keeps its time.
                for _ in range(idx + 1 - first - writer.frames_written):
                    writer.write(padded)
                advance(writer.frames_written, last - first)
        for problem in reader.problems:
            print(f"{video}: {problem}", file=sys.stderr)


def overlay_still(
    video: str | Path,
    poses_path: str | Path,
    frame_idx: int,
    output_png: str | Path,
    *,
    max_width: int | None = None,
    trail_seconds: float = 2.0,
    labels: bool = True,
) -> None:
    """Write one frame of the overlay video as PNG; arguments and errors as in `render_overlay`."""
    with VideoReader(video, channels=3) as reader:
        scene = _scene(reader, Path(poses_path), max_width, trail_seconds, labels)
        first, last = _span(reader, scene.source, frame_idx, frame_idx + 1, None)
        found = next(_drawn_frames(reader, scene, first, last), None)
    if found is None:
        raise VideoError(f"{video}: frame {frame_idx} cannot be decoded; choose another")
    with atomic_path(output_png) as temporary:
        temporary.write_bytes(cv2.imencode(".png", found[1][..., ::-1])[1].tobytes())


def _scene(reader: VideoReader, path: Path, max_width: int | None, trail_seconds: float, labels: bool) -> _Scene:
    source = _fitting_source(reader, path)
    full = (reader.width, reader.height)
    factor = min(1.0, max_width / full[0]) if max_width else 1.0
    size = (max(2, round(full[0] * factor)), max(2, round(full[1] * factor)))
    to_image = resize_transform(full, size)
    return _Scene(
        source=source,
        size=size,
        to_image=to_image,
        colours=track_colours(track_names(path)),
        animal_size=_animal_size(source, to_image, default=size[1] / 10),
        trail_seconds=trail_seconds,
        labels=labels,
    )


def _fitting_source(reader: VideoReader, path: Path) -> PosesSource:
    """Return the poses in pixels of the reader's video."""
    info = read_info(path)
    got, expected = (reader.width, reader.height), (info.video.width, info.video.height)
    if abs(reader.fps - info.video.fps) > 0.01 * info.video.fps:
        raise PosesError(
            f"{path}: the poses are about a video of {info.video.fps:g} frames per second, but {reader.path} has "
            f"{reader.fps:g}; their frames do not correspond"
        )
    if got == expected:
        return open_source(path, "video")
    corners = info.to_raw(np.array([[0, 0], [expected[0] - 1, expected[1] - 1]], float))
    if info.to_raw != IDENTITY and (corners > -1).all() and (corners < got).all():
        return open_source(path, "raw")
    raise PosesError(
        f"{path}: expected the video that the poses are about, of {expected[0]}x{expected[1]} pixels, but "
        f"{reader.path} has {got[0]}x{got[1]}; name {info.video.path!r} or the raw video that it was made from"
    )


def _animal_size(source: PosesSource, to_image: Transform, default: float) -> float:
    """Return the median diagonal of the animals in the first rows, in pixels of the drawn frames."""
    for poses in source:
        boxes = bounding_boxes(to_image(poses.points))
        sizes = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        if not np.isnan(sizes).all():
            return float(np.nanmedian(sizes))
    return default


def _span(
    reader: VideoReader, source: PosesSource, start: int | None, stop: int | None, seconds: float | None
) -> tuple[int, int]:
    """Return the half-open range of frames to draw."""
    examined = source.info.frames
    first = (examined[0][0] if examined else 0) if start is None else start
    last = (examined[-1][1] if examined else 0) if stop is None else stop
    if seconds is not None:
        last = min(last, first + max(1, round(seconds * reader.fps)))
    last = min(last, reader.frame_count)
    if not 0 <= first < last:
        raise PosesError(
            f"{source.path}: no frame to draw: {reader.path} has frames 0 to {reader.frame_count - 1}, asked for were "
            f"{first} to {last - 1}"
        )
    return first, last


def _drawn_frames(reader: VideoReader, scene: _Scene, first: int, last: int) -> Iterator[tuple[int, Array]]:
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


def _rows_by_frame(scene: _Scene) -> Iterator[tuple[int, Poses]]:
    """Yield (frame index, its instances in pixels of the drawn frames), and in the end a frame that never comes."""
    for poses in scene.source:
        moved = replace(poses, points=scene.to_image(poses.points))
        for idx, rows in moved.by_frame():
            yield idx, moved[rows]
    yield np.iinfo(np.int64).max, empty_poses(scene.source.info)


def _draw(scene: _Scene, frame: Frame, poses: Poses, trails: Trails) -> Array:
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
        caption=f"frame {frame.index}   {_clock(frame.time_s)}",
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 100), 6000)
    return f"{minutes}:{rest // 100:02}.{rest % 100:02}"


def _pad(image: Array, width: int, height: int) -> Array:
    """Return the image with its last row and column repeated up to an even size, which H.264 needs."""
    return np.pad(image, ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)), mode="edge")
