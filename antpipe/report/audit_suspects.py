"""Pictures of the suspects of an audit: the animal, what is wrong with it, and where it should be."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import sleap_io as sio

from antpipe.geometry import Array, Transform, crop_transform, resize_transform
from antpipe.labels.audit.audit import Audit
from antpipe.labels.audit.finding import Finding
from antpipe.labels.audit.footage import Footage, read_images
from antpipe.labels.audit.shape import Shape
from antpipe.poses import Poses, PosesInfo, VideoMeta, make_poses
from antpipe.progress import Advance
from antpipe.report.colours import ORANGE, PURPLE, SKY, YELLOW, Colour
from antpipe.report.draw import UNTRACKED, overlay_frame

MOST_DRAWN = 12
"""So many suspects of each kind are drawn, those farthest from usual."""
SIDE = 360
"""Pixels of the pictures."""
_MARGIN = 0.15
_BLANK = 120
"""Gray of the ground where the video is not at hand."""
_USUAL = "usual place"


def draw_suspects(
    folder: Path, labels: sio.Labels, audit: Audit, footage: Mapping[str, Footage], on_progress: Advance
) -> dict[int, str]:
    """Draw the first suspects of each kind; return their files, relative to the folder, by place in the findings.

    A suspect is cut out of its frame and drawn in yellow, its neighbours in white, with the nodes in question named,
    and a blue dot where a misplaced node is usual. Where the video is not at hand the labels are drawn on gray.
    """
    (folder / "suspects").mkdir()
    chosen = list(_choose(audit))
    by_entry: dict[int, list[int]] = {}
    for place in chosen:
        by_entry.setdefault(audit.findings[place].entry, []).append(place)
    files = {}
    for entry, image in read_images(labels, footage, by_entry):
        about = footage[audit.entries.videos[audit.entries.video[entry]]]
        for place in by_entry[entry]:
            finding = audit.findings[place]
            name = f"suspects/{place + 1:04}_{finding.kind}.png"
            drawn = _draw(finding, audit, image, about.to_film)
            (folder / name).write_bytes(cv2.imencode(".png", drawn[..., ::-1])[1].tobytes())
            files[place] = name
            on_progress(len(files), len(chosen))
    return dict(sorted(files.items()))


def _choose(audit: Audit) -> Iterator[int]:
    count: Counter[str] = Counter()
    for place, finding in enumerate(audit.findings):
        if finding.at is not None and finding.kind != "no_visible_point" and count[finding.kind] < MOST_DRAWN:
            count[finding.kind] += 1
            yield place


def _draw(finding: Finding, audit: Audit, image: Array | None, to_film: Transform) -> Array:
    shape, row = _find(audit, finding)
    table = shape.table
    own, beside = table.seen[row], table.seen[table.entry == finding.entry]
    marks = _marks(finding, own, table.skeleton.nodes)
    ground, to_picture = _cut_out(image, *_window(to_film(np.concatenate([own, *(place for _, place, _ in marks)]))))
    move = to_film.then(to_picture)
    size = float(np.nan_to_num(shape.size[row], nan=SIDE)) * move.scale[0]
    twin = beside[table.instance[table.entry == finding.entry] == finding.other]
    picture = _overlay(ground, shape, move(beside), UNTRACKED, size / 5)
    picture = _overlay(picture, shape, move(twin), PURPLE, size / 3)
    picture = _overlay(picture, shape, move(own[None]), YELLOW, size / 3)
    caption = f"frame {audit.entries.frame_idx[finding.entry]}{'' if image is not None else ' (video not at hand)'}"
    dots = np.full((len(marks), *own.shape), np.nan)
    for dot, (_, place, _) in zip(dots, marks, strict=True):
        dot[0] = place[0]
    return overlay_frame(
        picture,
        _as_poses(shape, move(dots), [name for name, _, _ in marks]),
        colours={name: colour for name, _, colour in marks},
        animal_size=size / 3,
        caption=caption,
    )


def _find(audit: Audit, finding: Finding) -> tuple[Shape, int]:
    for shape in audit.shapes:
        rows = np.flatnonzero((shape.table.entry == finding.entry) & (shape.table.instance == finding.instance))
        if len(rows):
            return shape, int(rows[0])
    raise ValueError(f"no instance {finding.instance} in entry {finding.entry}")


def _marks(finding: Finding, points: Array, nodes: tuple[str, ...]) -> list[tuple[str, Array, Colour]]:
    """Return the names, places (1, 2) and colours of the dots that tell what is wrong, what is right, and the head."""
    colours = [SKY, ORANGE] * len(finding.nodes) if finding.kind == "left_right_swap" else [ORANGE]
    marks = [(name, points[[nodes.index(name)]], colour) for name, colour in zip(finding.nodes, colours, strict=False)]
    if len(finding.nodes) == 1:
        marks += [(_USUAL, np.array([place]), SKY) for place in finding.expected_at]
    first = [(nodes[0], points[[0]], YELLOW)] if nodes[0] not in finding.nodes else []
    return [mark for mark in [*first, *marks] if not np.isnan(mark[1]).any()]


def _overlay(picture: Array, shape: Shape, points: Array, colour: Colour, size: float) -> Array:
    poses = _as_poses(shape, points, [""] * len(points))
    return overlay_frame(picture, poses, colours={"": colour}, animal_size=size, labels=False)


def _window(points: Array) -> tuple[int, int, int]:
    """Return left, top and side of a square around points (points, 2), with a margin."""
    seen = points[~np.isnan(points).any(axis=-1)]
    low, high = seen.min(axis=0), seen.max(axis=0)
    side = max(int(np.ceil((high - low).max() * (1 + 2 * _MARGIN))), 32)
    left, top = np.floor((low + high - side) / 2).astype(int).tolist()
    return left, top, side


def _cut_out(image: Array | None, left: int, top: int, side: int) -> tuple[Array, Transform]:
    """Return a square of an image, gray where there is none, as a picture of `SIDE`, and the map to its pixels."""
    to_picture = crop_transform(left, top).then(resize_transform((side, side), (SIDE, SIDE)))
    if image is None:
        return np.full((SIDE, SIDE, 3), _BLANK, np.uint8), to_picture
    (scale_x, scale_y), (x, y) = to_picture.scale, to_picture.offset
    matrix = np.array([[scale_x, 0, x], [0, scale_y, y]])
    interpolation = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    picture = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=interpolation, borderValue=(_BLANK,) * 3)
    return np.asarray(picture), to_picture


def _as_poses(shape: Shape, points: Array, names: list[str]) -> Poses:
    video = VideoMeta(path="", width=SIDE, height=SIDE, fps=1.0, frame_count=1)
    info = PosesInfo(skeleton=shape.table.skeleton, video=video, frames=((0, 1),))
    return make_poses(info, frame_idx=np.zeros(len(points), int), points=points, track=names, predicted=False)
