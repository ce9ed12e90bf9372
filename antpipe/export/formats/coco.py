"""COCO keypoints: one JSON file of images and annotations."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa

from antpipe.export.frames import examined_frames
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_skeleton, video_names
from antpipe.export.text import as_text, joined, joined_within
from antpipe.export.tracks import track_names
from antpipe.files import atomic_path
from antpipe.geometry import Array, bounding_boxes
from antpipe.poses import Poses, Skeleton


@EXPORTERS.register("coco")
def export_coco(sources: Sequence[PosesSource], output: Path) -> None:
    """Write all videos as one COCO file: an image for each frame examined, an annotation for each instance.

    The image of a frame is named as sleap-io names it, `<video>_frame_000012.png`; it is not there until somebody
    cuts the video into images. Beside COCO's own keys an annotation has the name of its track, `keypoint_scores`, the
    tracking score, and whether it was predicted; `attributes.object_id` numbers the tracks, as in sleap-io. A node
    that is not visible is 0, 0, 0; the box is that of the visible nodes. sleap-io's own writer keeps no scores.

    Raises:
        PosesError: if the skeletons differ, or two videos have the same name.
    """
    skeleton, names = only_skeleton(sources), video_names(sources, "images {}_frame_*.png")
    about = {"videos": [json.loads(source.info.to_json()) for source in sources]}
    examined = [examined_frames(source.info) for source in sources]
    with atomic_path(output) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(f'{{"info": {_json(about)},\n"categories": [{_json(_category(skeleton))}],\n"annotations": [')
        _write_list(file, _annotations(sources, examined))
        file.write('],\n"images": [')
        _write_list(file, _images(sources, names, examined))
        file.write("]}\n")


def _write_list(file: TextIO, items: Iterator[str]) -> None:
    before = "\n"
    for item in items:
        file.write(before + item)
        before = ",\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _category(skeleton: Skeleton) -> dict[str, Any]:
    """Return the skeleton; COCO counts its nodes from 1."""
    edges = [[a + 1, b + 1] for a, b in skeleton.edge_indices()]
    return {"id": 1, "name": "animal", "keypoints": list(skeleton.nodes), "skeleton": edges}


def _images(sources: Sequence[PosesSource], names: Sequence[str], examined: Sequence[Array]) -> Iterator[str]:
    number = 0
    for source, name, frames in zip(sources, names, examined, strict=True):
        video = source.info.video
        size = {"width": video.width, "height": video.height, "video": video.path}
        for frame in frames.tolist():
            number += 1
            file_name = f"{name}_frame_{frame:06d}.png"
            yield _json({"id": number, "file_name": file_name, **size, "frame_idx": frame})


def _annotations(sources: Sequence[PosesSource], examined: Sequence[Array]) -> Iterator[str]:
    first_annotation = first_image = first_track = 1
    for source, frames in zip(sources, examined, strict=True):
        names = track_names(source.path)
        tracks: dict[str | None, str] = {
            name: f',"attributes":{{"object_id":{first_track + i}}},"track":{_json(name)}'
            for i, name in enumerate(names)
        }
        tracks[None] = ""
        for poses in source:
            images = first_image + np.searchsorted(frames, poses.frame_idx)
            texts = pa.array([tracks[name] for name in poses.track], pa.string())
            yield from _lines(poses, first_annotation, images, texts)
            first_annotation += len(poses)
        first_image += len(frames)
        first_track += len(names)


def _track(number: int, name: str) -> str:
    return f',"attributes":{{"object_id":{number}}},"track":{_json(name)}'


def _lines(poses: Poses, first: int, images: Array, tracks: pa.Array) -> list[str]:
    boxes = np.nan_to_num(bounding_boxes(poses.points).astype(np.float32))
    sides = boxes[:, 2:] - boxes[:, :2]
    visible = np.asarray(~np.isnan(poses.points).any(axis=-1))
    return joined(
        *('{"id":', as_text(first + np.arange(len(poses)), "")),
        *(',"image_id":', as_text(images, "")),
        *(',"category_id":1,"iscrowd":0,"num_keypoints":', as_text(visible.sum(axis=1), "")),
        *(',"keypoints":[', _keypoints(poses.points, visible)),
        *('],"keypoint_scores":[', joined_within(as_text(poses.point_scores.ravel(), "null"), visible.shape[1])),
        *('],"bbox":[', joined_within(as_text(np.concatenate([boxes[:, :2], sides], axis=1).ravel(), ""), 4)),
        *('],"area":', as_text(sides.prod(axis=1), "")),
        *(',"score":', as_text(poses.instance_score, "null")),
        *(',"tracking_score":', as_text(poses.tracking_score, "null")),
        *(',"predicted":', as_text(pa.array(poses.predicted), "")),
        *(tracks, "}"),
    ).to_pylist()


def _keypoints(points: Array, visible: Array) -> pa.Array:
    xy = np.where(visible[..., None], points, 0)
    flags = pa.array(np.where(visible.ravel(), "2", "0"))
    triples = joined(as_text(xy[..., 0].ravel(), ""), as_text(xy[..., 1].ravel(), ""), flags, by=",")
    return joined_within(triples, points.shape[1])
