"""The video files that a person opens to correct suggestions, and which of their frames are labelled already."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError, PosesError
from antpipe.geometry import IDENTITY, Array, Transform
from antpipe.labels.on_video import from_labels, is_preprocessed
from antpipe.labels.videos import match_path, stored_path
from antpipe.poses import Poses, PosesInfo
from antpipe.poses_file import iter_poses
from antpipe.video.sidecar import read_sidecar


@dataclass(frozen=True, kw_only=True)
class OpenedVideo:
    """The file in which the frames of one poses file are corrected."""

    video: sio.Video
    """Its path is relative to the folder of the label file."""
    moved_by: Transform
    """From pixels of the video that the poses are about to those of the file."""
    first: int
    """Index in the file of that video's frame 0."""
    labelled: Array
    """Indices, as in that video, of frames that a person has labelled or marked as empty."""


def iter_on_video(path: Path) -> Iterator[Poses]:
    """Yield the row groups of a poses file in pixels of the video that it is about, whatever its coordinates."""
    for poses in iter_poses(path):
        moved_by = IDENTITY if poses.info.coordinates == "video" else poses.info.to_raw.inverse()
        yield replace(poses, points=moved_by(poses.points))


def open_videos(infos: Sequence[PosesInfo], labels: sio.Labels | None, folder: Path) -> list[OpenedVideo]:
    """Return for each poses file the video in which its frames are to be corrected.

    It is the video that the poses are about, unless the labels know it as the raw video that it was made from by
    cropping, scaling or cutting: a video with labels in two kinds of pixels could not be merged. `folder` is that of
    the label file to be written.

    Raises:
        PosesError: if a video is not where its poses say.
        LabelError: if a video of the labels could be several of them, or labels of raw videos cannot be followed
            because preprocessing dropped or repeated frames.
    """
    choices: dict[str, list[str | Path]] = {}
    for info in infos:
        path = info.video.path
        if not Path(path).is_file():
            raise PosesError(
                f"{path}: video not found, looked for from {Path.cwd()}; run antpipe in the folder in which the poses "
                "were predicted"
            )
        raw = read_sidecar(path).get("source", {}).get("path")
        choices[path] = [path, raw] if raw else [path]
    known = _labelled_as(labels, choices) if labels is not None else {}
    return [_open(info, labels, known.get(info.video.path, []), folder) for info in infos]


def _labelled_as(labels: sio.Labels, choices: dict[str, list[str | Path]]) -> dict[str, list[sio.Video]]:
    found: dict[str, list[sio.Video]] = {}
    for video in labels.videos:
        names = match_path(stored_path(video), choices)
        if len(names) > 1:
            raise LabelError(
                f"labels: video {stored_path(video)!r} could be any of {names}; give the files different names"
            )
        for name in names:
            found.setdefault(name, []).append(video)
    return found


def _open(info: PosesInfo, labels: sio.Labels | None, videos: Sequence[sio.Video], folder: Path) -> OpenedVideo:
    path = Path(info.video.path)
    placed = {id(video): from_labels(video, path) for video in videos}
    frames = [f for f in labels.labeled_frames if id(f.video) in placed] if labels is not None else []
    done = {f.frame_idx - placed[id(f.video)][1] for f in frames if f.has_user_instances or f.is_negative}
    labelled = np.array(sorted(done), np.int64)
    sidecar = read_sidecar(path)
    for video in videos:
        if sidecar and not is_preprocessed(video, path, sidecar):
            from_file, first = placed[id(video)]
            raw = _video(sidecar["source"], folder)
            return OpenedVideo(video=raw, moved_by=from_file.inverse(), first=first, labelled=labelled)
    return OpenedVideo(video=_video(vars(info.video), folder), moved_by=IDENTITY, first=0, labelled=labelled)


def _video(about: dict[str, Any], folder: Path) -> sio.Video:
    path = Path(about["path"])
    # The folders' real places, because `..` leads astray behind a link; the file keeps its own name.
    relative = os.path.relpath(path.parent.resolve() / path.name, folder.resolve()).replace(os.sep, "/")
    backend = {
        "type": "MediaVideo",
        "shape": [about["frame_count"], about["height"], about["width"], 3],
        "filename": relative,
        "grayscale": None,
        "bgr": True,
        "dataset": "",
        "input_format": "",
        "fps": about["fps"],
    }
    return sio.Video(filename=relative, backend_metadata=backend, open_backend=False)
