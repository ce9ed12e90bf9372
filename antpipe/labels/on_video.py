"""Labelled frames in frames and pixels of the videos that models see."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.geometry import IDENTITY, Array, Transform
from antpipe.labels.read import find_videos, labelled_frames, skeleton_of, user_points
from antpipe.labels.split import FrameKey
from antpipe.labels.videos import file_name, is_embedded, stored_path, video_keys
from antpipe.video.sidecar import read_sidecar


@dataclass(frozen=True, kw_only=True)
class PlacedFrame:
    """A labelled frame, and where it is."""

    labelled: sio.LabeledFrame
    video: str
    """Name of the project's video; of embedded images the name of the file they were taken from."""
    embedded: bool
    """Whether the label file itself holds the image."""
    frame_idx: int
    """Index in that video."""
    points: Array
    """(instances, nodes, 2) in pixels of that video; NaN where not visible"""


def place_frames(labels: sio.Labels, keys: Iterable[FrameKey], videos: Mapping[str, Path]) -> list[PlacedFrame]:
    """Return labelled frames, given as (video, frame index) of the labels, as frames of the project's videos.

    Labels that were made on a raw video move to the preprocessed one, as its sidecar says.

    Raises:
        LabelError: if a key is not a labelled frame, or its video is not among `videos`.
    """
    skeleton = skeleton_of(labels)
    names = dict(zip(map(id, labels.videos), video_keys(labels), strict=True))
    by_key = {(names[id(f.video)], f.frame_idx): f for f in labelled_frames(labels)}
    found = find_videos(labels, videos, _aliases(videos))
    project = {id(labels.videos[index]): name for index, name in found.items()}
    placed = []
    for key in keys:
        frame = by_key.get((key[0], key[1]))
        if frame is None:
            raise LabelError(f"split: frame {key[1]} of {key[0]} is not labelled; make the split again")
        embedded = is_embedded(frame.video)
        name = file_name(stored_path(frame.video)) if embedded else project[id(frame.video)]
        to_video, first = (IDENTITY, 0) if embedded else _from_labels(frame.video, videos[name])
        placed.append(
            PlacedFrame(
                labelled=frame,
                video=name,
                embedded=embedded,
                frame_idx=frame.frame_idx - first,
                points=to_video(user_points(frame, skeleton)),
            )
        )
    return placed


def _aliases(videos: Mapping[str, Path]) -> dict[str, Collection[str | Path]]:
    """Return the raw file of each preprocessed video, under which labels may know it."""
    sources = {name: read_sidecar(path).get("source", {}).get("path") for name, path in videos.items()}
    return {name: [source] for name, source in sources.items() if source}


def _from_labels(labelled: sio.Video, video: Path) -> tuple[Transform, int]:
    """Return the map from labelled to video pixels, and the labelled index of the video's first frame.

    Labels belong to the raw video, unless they name the preprocessed one: same file name in a folder of the same
    name.
    """
    sidecar, stored = read_sidecar(video), Path(stored_path(labelled))
    if not sidecar or (stored.name, stored.parent.name) == (video.name, video.resolve().parent.name):
        return IDENTITY, 0
    if not sidecar["keeps_frame_numbers"]:
        raise LabelError(
            f"{stored.name}: the labels belong to the raw video, but preprocessing repeated or dropped frames "
            f"(preprocess.fps, or a variable frame rate), so frame numbers no longer agree; label {video} instead"
        )
    return Transform.from_dict(sidecar["to_raw"]).inverse(), int(sidecar["first_raw_frame"])
