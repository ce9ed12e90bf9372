"""Labelled frames in frames and pixels of the videos that models see."""

import itertools
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.geometry import IDENTITY, Array, Transform
from antpipe.labels.locate import clean_path
from antpipe.labels.project_videos import find_videos
from antpipe.labels.read import labelled_frames, skeleton_of, user_points
from antpipe.labels.split import FrameKey
from antpipe.labels.videos import file_name, has_own_images, stored_path, video_keys
from antpipe.video.sidecar import read_sidecar


@dataclass(frozen=True, kw_only=True)
class PlacedFrame:
    """A labelled frame, and where it is."""

    labelled: sio.LabeledFrame
    video: str
    """Name of the project's video; of images that come with the labels, of the file or folder they are from."""
    embedded: bool
    """Whether the image comes with the labels: in the label file itself, or as a file of its own."""
    frame_idx: int
    """Index in that video."""
    points: Array
    """(instances, nodes, 2) in pixels of that video; NaN where not visible"""
    tracks: tuple[str | None, ...]
    """Name of each instance's track, None where it has none"""


def place_frames(labels: sio.Labels, keys: Iterable[FrameKey], videos: Mapping[str, Path]) -> list[PlacedFrame]:
    """Return labelled frames, given as (video, frame index) of the labels, as frames of the project's videos.

    Labels that were made on a raw video move to the preprocessed one, as its sidecar says.

    Raises:
        LabelError: if a key is not a labelled frame, or its video is not among `videos`.
    """
    skeleton = skeleton_of(labels)
    names = dict(zip(map(id, labels.videos), video_keys(labels), strict=True))
    # A file may have several entries for one frame.
    by_key: dict[FrameKey, list[sio.LabeledFrame]] = {}
    for labelled in labelled_frames(labels):
        by_key.setdefault((names[id(labelled.video)], labelled.frame_idx), []).append(labelled)
    found = find_videos(labels, videos, _aliases(videos))
    project = {id(labels.videos[index]): name for index, name in found.items()}
    placed = []
    for key in keys:
        entries = by_key.get((key[0], key[1]))
        if entries is None:
            raise LabelError(f"split: frame {key[1]} of {key[0]} is not labelled; make the split again")
        frame = entries[0]
        embedded = has_own_images(frame.video)
        name = file_name(stored_path(frame.video)) if embedded else project[id(frame.video)]
        to_video, first = (IDENTITY, 0) if embedded else from_labels(frame.video, videos[name])
        placed.append(
            PlacedFrame(
                labelled=frame,
                video=name,
                embedded=embedded,
                frame_idx=frame.frame_idx - first,
                points=to_video(np.concatenate([user_points(entry, skeleton) for entry in entries])),
                tracks=tuple(i.track.name if i.track else None for entry in entries for i in entry.user_instances),
            )
        )
    return placed


def _aliases(videos: Mapping[str, Path]) -> dict[str, Collection[str | Path]]:
    """Return the raw file of each preprocessed video, under which labels may know it."""
    sources = {name: read_sidecar(path).get("source", {}).get("path") for name, path in videos.items()}
    return {name: [source] for name, source in sources.items() if source}


def from_labels(labelled: sio.Video, video: Path) -> tuple[Transform, int]:
    """Return the map from labelled to video pixels, and the labelled index of the video's first frame."""
    sidecar, stored = read_sidecar(video), stored_path(labelled)
    if not sidecar or is_preprocessed(labelled, video, sidecar):
        return IDENTITY, 0
    if not sidecar["keeps_frame_numbers"]:
        raise LabelError(
            f"{file_name(stored)}: the labels belong to the raw video, but preprocessing repeated or dropped frames "
            f"(preprocess.fps, or a variable frame rate), so frame numbers no longer agree; label {video} instead"
        )
    return Transform.from_dict(sidecar["to_raw"]).inverse(), int(sidecar["first_raw_frame"])


def is_preprocessed(labelled: sio.Video, video: Path, sidecar: Mapping[str, Any]) -> bool:
    """Return whether labels were made on the preprocessed video, not on the raw one.

    Decided by the file, where the stored path leads to one of the two; else by the size of the frames, where the labels
    store it and it differs; else they belong to the raw video, unless the path ends like that of the preprocessed one,
    in file name and folder, and less like that of the raw one.
    """
    stored, raw = stored_path(labelled), str(sidecar.get("source", {}).get("path", ""))
    if os.path.isfile(stored):
        if os.path.samefile(stored, video):
            return True
        if os.path.isfile(raw) and os.path.samefile(stored, raw):
            return False
    sizes = [_size(sidecar.get(name)) for name in ("source", "output")]
    shape = labelled.backend_metadata.get("shape")
    if shape and None not in sizes and sizes[0] != sizes[1] and (size := (shape[2], shape[1])) in sizes:
        return size == sizes[1]
    alike = _shared_end(stored, video.resolve())
    return alike >= 2 and alike > _shared_end(stored, raw)


def _size(info: Any) -> tuple[int, int] | None:
    return (info["width"], info["height"]) if info and "width" in info else None


def _shared_end(one: str, other: str | Path) -> int:
    """Return how many of the last parts two paths have in common."""
    parts = (reversed(clean_path(path).split("/")) for path in (one, other))
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(*parts, strict=False)))
