"""Poses of one frame drawn on its image."""

from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.poses import Poses
from antpipe.report.colours import Colour
from antpipe.report.draw_labels import LabelPlaces

UNTRACKED: Colour = (255, 255, 255)
_DARK: Colour = (20, 20, 20)
_SHIFT = 4
"""Bits below the pixel: OpenCV takes coordinates in 1/16 pixel."""
_LONGEST_NAME = 24


def overlay_frame(
    image: Array,
    poses: Poses,
    *,
    colours: Mapping[str, Colour],
    animal_size: float,
    trails: Mapping[str, Array] | None = None,
    labels: bool = True,
    scores: bool = False,
    places: LabelPlaces | None = None,
    caption: str = "",
) -> Array:
    """Return a copy of an image with the poses of its frame drawn on it.

    Args:
        image: (height, width, 3) RGB, uint8.
        poses: the instances of this frame, with points in pixels of the image; points that are not visible and the
            edges to them are left out.
        colours: by track; instances without a track are white.
        animal_size: length of an animal in pixels, by which lines are made thicker or thinner.
        trails: by track, where its centroid was (positions, 2), the oldest first.
        labels: whether each track's name is written beside its animal.
        scores: whether the score of each instance is written beside it.
        places: where names were in the frames before, so that they stay there if they can.
        caption: written in the upper left corner.
    """
    drawn = np.ascontiguousarray(image).copy()
    thickness = max(1, round(animal_size / 60))
    for name, trail in (trails or {}).items():
        _draw_trail(drawn, trail, colours[name], thickness + 1)
    points = _near_image(poses.points, drawn)
    looks = [UNTRACKED if name is None else colours[name] for name in poses.track]
    for instance, colour in zip(points, looks, strict=True):
        _draw_edges(drawn, instance, poses.info.skeleton.edge_indices(), colour, thickness)
        _draw_nodes(drawn, instance, colour, max(1.2, animal_size / 45))
    texts = [_label(name if labels else None, score if scores else np.nan) for name, score in _named(poses)]
    _write_labels(drawn, texts, poses, bounding_boxes(points), looks, places or LabelPlaces())
    if caption:
        _write(drawn, caption, (4, 4), _DARK, (255, 255, 255))
    return drawn


def _near_image(points: Array, image: Array) -> Array:
    """Return the points with NaN for those so far outside the image that OpenCV's integers overflow."""
    height, width = image.shape[:2]
    far = (np.abs(points) > 4 * max(height, width)).any(axis=-1, keepdims=True)
    return np.where(far, np.nan, points.astype(np.float64))


def _draw_edges(image: Array, points: Array, edges: list[tuple[int, int]], colour: Colour, thickness: int) -> None:
    # Two passes: the dark rim makes any colour stand out from any background, and must not cover another edge.
    for paint, width in ((_DARK, thickness + 1), (colour, thickness)):
        for a, b in edges:
            if not np.isnan(points[[a, b]]).any():
                cv2.line(image, _fixed(points[a]), _fixed(points[b]), paint, width, cv2.LINE_AA, _SHIFT)


def _draw_nodes(image: Array, points: Array, colour: Colour, radius: float) -> None:
    for point in points[~np.isnan(points).any(axis=-1)]:
        for paint, size in ((_DARK, radius + 0.6), (colour, radius)):
            cv2.circle(image, _fixed(point), round(size * 2**_SHIFT), paint, -1, cv2.LINE_AA, _SHIFT)


def _draw_trail(image: Array, trail: Array, colour: Colour, thickness: int) -> None:
    """Draw a line that fades out towards its oldest end: each piece is mixed with what lies under its middle."""
    height, width = image.shape[:2]
    trail = _near_image(np.asarray(trail), image)
    for i in range(1, len(trail)):
        piece = trail[i - 1 : i + 1]
        if np.isnan(piece).any():
            continue
        x, y = np.clip(np.rint(piece.mean(axis=0)), 0, (width - 1, height - 1)).astype(int)
        share = i / len(trail)
        mixed = share * np.array(colour) + (1 - share) * image[y, x]
        cv2.line(image, _fixed(piece[0]), _fixed(piece[1]), mixed.tolist(), thickness, cv2.LINE_AA, _SHIFT)


def _fixed(point: Array) -> tuple[int, int]:
    x, y = np.rint(point * 2**_SHIFT)
    return int(x), int(y)


def _named(poses: Poses) -> Iterator[tuple[str | None, float]]:
    return zip(poses.track, poses.instance_score, strict=True)


def _label(name: str | None, score: float) -> str:
    if name is not None and len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME - 1] + "~"
    return "  ".join([name or "", *([f"{score:.2f}"] if not np.isnan(score) else [])]).strip()


def _write_labels(
    image: Array, texts: list[str], poses: Poses, boxes: Array, looks: list[Colour], places: LabelPlaces
) -> None:
    shown = [i for i, text in enumerate(texts) if text and not np.isnan(boxes[i]).any()]
    sizes = np.array([_text_size(texts[i], _font_scale(image)) for i in shown]).reshape(-1, 2)
    size = (image.shape[1], image.shape[0])
    corners = places.find([poses.track[i] for i in shown], sizes, boxes[shown], size)
    for i, corner in zip(shown, corners, strict=True):
        _write(image, texts[i], corner, looks[i], _readable_on(looks[i]))


def _readable_on(ground: Colour) -> Colour:
    """Return black or white, whichever stands out more from a colour."""
    brightness = np.dot(ground, (0.299, 0.587, 0.114))
    return (0, 0, 0) if brightness > 110 else (255, 255, 255)


def _write(image: Array, text: str, corner: Sequence[float] | Array, ground: Colour, colour: Colour) -> None:
    """Write text on a box, moved into the image where need be, through which the image can be guessed."""
    scale = _font_scale(image)
    width, height = _text_size(text, scale)
    left = int(np.clip(corner[0], 0, max(image.shape[1] - width, 0)))
    top = int(np.clip(corner[1], 0, max(image.shape[0] - height, 0)))
    box = image[top : top + height, left : left + width]
    box[:] = (box * 0.25 + np.array(ground) * 0.75).astype(np.uint8)
    base = (left + 3, top + height - 2 - _descent(text, scale))
    cv2.putText(image, text, base, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)


def _text_size(text: str, scale: float) -> tuple[int, int]:
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    return width + 6, height + _descent(text, scale) + 4


def _descent(text: str, scale: float) -> int:
    return cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)[1]


def _font_scale(image: Array) -> float:
    return max(0.4, image.shape[0] / 2200)
