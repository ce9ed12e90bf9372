"""Pictures of moments: the animals just before and just after, cut out of the film with their tracks drawn on them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from antpipe.export.source import PosesSource
from antpipe.geometry import Array, Transform, bounding_boxes, crop_origins, crop_transform, resize_transform
from antpipe.poses import Poses, concat_poses
from antpipe.report.colours import Colour
from antpipe.report.draw import overlay_frame
from antpipe.report.overlay_source import fitting_source
from antpipe.tracking.events import Event
from antpipe.video.read import VideoReader

SIDE = 320
"""Pixels of each picture's side."""
WIDTH = 3.0
"""Part of the film that a picture shows, in body sizes (the diagonal of an animal's box)."""
LEAD_S = 0.25
"""Of a repair or a crossing the film is shown so long before and after; of all others, the frames next to it."""
GAP = 4
"""White pixels between before and after."""


def moment_pictures(
    video: str | Path, tracks: str | Path, moments: Sequence[Event], colours: Mapping[str, Colour]
) -> list[Array]:
    """Return for each moment a picture (height, width, 3) of before, on the left, and after, on the right.

    Raises:
        PosesError: if the video is not the one that the tracks are about.
        VideoError: if the video cannot be read.
    """
    with VideoReader(video, channels=3) as reader:
        source = fitting_source(reader, Path(tracks))
        frames = [_before_and_after(event, reader.frame_count, reader.fps, source.first_frame) for event in moments]
        poses, size = _poses_at(source, sorted({idx for pair in frames for idx in pair}))
        side = max(round(WIDTH * size), 16)
        cut: dict[tuple[int, int], Array] = {}
        # In the order of the film, as jumping back and forth is slow.
        for number, idx in sorted(((n, idx) for n, pair in enumerate(frames) for idx in pair), key=lambda at: at[1]):
            place = source.moved_by(np.array([[moments[number].x, moments[number].y]]))
            cut[number, idx] = _picture(reader.read(idx).image, poses[idx], place, side, size, colours)
    gap = np.full((SIDE, GAP, 3), 255, np.uint8)
    return [np.hstack([cut[n, before], gap, cut[n, after]]) for n, (before, after) in enumerate(frames)]


def _before_and_after(event: Event, frame_count: int, fps: float, first_frame: int) -> tuple[int, int]:
    frame = event.frame_idx + first_frame
    lead = round(LEAD_S * fps) if event.kind in ("repair", "crossing") else 0
    before, after = frame - event.gap - 1 - lead, frame + lead
    if event.kind == "end":
        before, after = frame, frame + 1
    return max(before, 0), min(after, frame_count - 1)


def _poses_at(source: PosesSource, frames: Sequence[int]) -> tuple[dict[int, Poses], float]:
    """Return the poses of some frames, and the median diagonal of their animals in pixels."""
    wanted = [poses[np.isin(poses.frame_idx, frames)] for poses in source]
    found = concat_poses(wanted)
    boxes = bounding_boxes(found.points)
    sizes = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    sizes = sizes[sizes > 0]
    size = float(np.median(sizes)) if len(sizes) else SIDE / WIDTH
    return {idx: found[found.frame_idx == idx] for idx in frames}, size


def _picture(image: Array, poses: Poses, place: Array, side: int, size: float, colours: Mapping[str, Colour]) -> Array:
    """Return a square of `side` pixels around a place (1, 2), enlarged to `SIDE`, with the poses in it."""
    left, top = (int(v) for v in crop_origins(place, side)[0])
    square = cv2.warpAffine(image, np.array([[1.0, 0, -left], [0, 1.0, -top]]), (side, side), borderValue=(40, 40, 40))
    to_square: Transform = crop_transform(left, top).then(resize_transform((side, side), (SIDE, SIDE)))
    drawn = replace(poses, points=to_square(poses.points))
    middle = np.nan_to_num(bounding_boxes(drawn.points), nan=-1e6).reshape(-1, 2, 2).mean(axis=1)
    inside = ((middle > 0) & (middle < SIDE)).all(axis=1)
    enlarged = cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC if side < SIDE else cv2.INTER_AREA)
    return overlay_frame(enlarged, drawn[inside], colours=colours, animal_size=size * SIDE / side)
