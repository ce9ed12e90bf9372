"""The videos of a label file as far as they are at hand: size, length and images."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError, VideoError
from antpipe.geometry import IDENTITY, Array, Transform
from antpipe.labels.on_video import place_frames
from antpipe.labels.videos import has_own_images, video_keys
from antpipe.video.read import VideoReader
from antpipe.video.sidecar import read_sidecar

_PROBE = sio.Skeleton(["origin", "unit"])


@dataclass(frozen=True, kw_only=True)
class Footage:
    """A video of the labels."""

    size: tuple[int, int] | None = None
    """Width and height of the pictures that were labelled, in pixels; None if nothing tells."""
    frame_count: int | None = None
    """Number of frames of the video that was labelled; None if nothing tells."""
    path: Path | None = None
    """The file to read images from; None if it is not at hand, or if the labels bring the images along."""
    own_images: bool = False
    """Whether the label file holds the images, or names a file for each."""
    to_film: Transform = IDENTITY
    """From labelled pixels to those of the file."""
    first: int = 0
    """Labelled index of the file's first frame."""
    absent: str = ""
    """Why there are no images, in a sentence."""


def find_footage(labels: sio.Labels, videos: Mapping[str, Path]) -> dict[str, Footage]:
    """Return what is known of each video of the labels, by its name as `video_keys` gives it.

    Args:
        labels: the labels; their images may be embedded.
        videos: files at hand by name, raw or preprocessed; labels find theirs as in training.
    """
    footage: dict[str, Footage] = {}
    for key, video in zip(video_keys(labels), labels.videos, strict=True):
        if key not in footage:
            footage[key] = _own_images(video) if has_own_images(video) else _find(video, videos)
    return footage


def _own_images(video: sio.Video) -> Footage:
    return Footage(size=_stored_size(video), own_images=True)


def _stored_size(video: sio.Video) -> tuple[int, int] | None:
    shape = video.shape
    return None if shape is None else (int(shape[2]), int(shape[1]))


def _find(video: sio.Video, videos: Mapping[str, Path]) -> Footage:
    try:
        path, to_film, first = _locate(video, videos)
        with VideoReader(path) as reader:
            size, frame_count = (reader.width, reader.height), reader.frame_count
    except (LabelError, VideoError) as error:
        return Footage(size=_stored_size(video), absent=str(error))
    if (to_film, first) != (IDENTITY, 0):
        # Labels on the raw video may lie where the preprocessed one was cut off, and that is no error.
        source = read_sidecar(path).get("source", {})
        known = "width" in source and "height" in source
        size = (source["width"], source["height"]) if known else None  # type: ignore[assignment]
        frame_count = source.get("frame_count")
    return Footage(size=size, frame_count=frame_count, path=path, to_film=to_film, first=first)


def _locate(video: sio.Video, videos: Mapping[str, Path]) -> tuple[Path, Transform, int]:
    """Return the file of a labelled video, the map from its labels' pixels to the file's, and the first frame.

    An instance with points at (0, 0) and (1, 1) is placed on the file as training would place any label.
    """
    instance = sio.Instance.from_numpy(np.array([[0.0, 0.0], [1.0, 1.0]]), skeleton=_PROBE)
    probe = sio.Labels([sio.LabeledFrame(video, 0, [instance])], videos=[video], skeletons=[_PROBE])
    placed = place_frames(probe, [(video_keys(probe)[0], 0)], videos)[0]
    (x, y), (right, low) = placed.points[0].tolist()
    return videos[placed.video], Transform(scale=(right - x, low - y), offset=(x, y)), -placed.frame_idx


def read_images(
    labels: sio.Labels, footage: Mapping[str, Footage], wanted: Iterable[int]
) -> Iterator[tuple[int, Array | None]]:
    """Yield (entry, image) of labelled frames, each video opened once and read from front to back.

    Images are (height, width, 3) RGB, uint8, in pixels of the film; None where there is no image.
    """
    names = dict(zip(map(id, labels.videos), video_keys(labels), strict=True))
    by_film: dict[str, list[int]] = {}
    for entry in sorted(set(wanted), key=lambda e: (int(labels.labeled_frames[e].frame_idx), e)):
        by_film.setdefault(names[id(labels.labeled_frames[entry].video)], []).append(entry)
    for name, entries in by_film.items():
        frames = [labels.labeled_frames[entry] for entry in entries]
        film = footage[name]
        if film.path is not None:
            with VideoReader(film.path, channels=3) as reader:
                yield from zip(entries, (_decode(reader, f.frame_idx - film.first) for f in frames), strict=True)
        else:
            yield from zip(entries, (_unpack(f) if film.own_images else None for f in frames), strict=True)


def _decode(reader: VideoReader, index: int) -> Array | None:
    try:
        return reader.read(index).image
    except (IndexError, VideoError):
        return None


def _unpack(frame: sio.LabeledFrame) -> Array | None:
    try:
        image = np.asarray(frame.image)
    except (OSError, LookupError, ValueError, AttributeError):
        return None
    image = image if image.ndim == 3 else image[..., None]
    return np.ascontiguousarray(np.broadcast_to(image[..., :3], (*image.shape[:2], 3)))
