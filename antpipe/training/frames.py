"""The images of labelled frames, decoded."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.on_video import PlacedFrame, place_frames
from antpipe.labels.split import FrameKey
from antpipe.training.samples import LabelledFrame
from antpipe.video.read import VideoReader


def load_frames(
    labels: sio.Labels, keys: Iterable[FrameKey], videos: Mapping[str, Path], channels: int
) -> list[LabelledFrame]:
    """Return labelled frames, given as (video, frame index) of the labels, with their images, in that order.

    All images are held in memory, as uint8.

    Raises:
        LabelError: if a labelled video is not among `videos`, or the video has no such frame.
        VideoError: if a video cannot be read.
    """
    placed = place_frames(labels, keys, videos)
    images = _decode(placed, videos, channels)
    return [
        LabelledFrame(
            video=f.video, frame_idx=f.frame_idx, image=images[f.video, f.frame_idx], points=f.points, tracks=f.tracks
        )
        for f in placed
    ]


def _decode(
    frames: Sequence[PlacedFrame], videos: Mapping[str, Path], channels: int
) -> dict[tuple[str, int], np.ndarray]:
    """Return the images by video and frame index; each video is opened once and read from front to back."""
    images = {(f.video, f.frame_idx): _embedded(f.labelled) for f in frames if f.embedded}
    for name in sorted({f.video for f in frames if not f.embedded}):
        with VideoReader(videos[name], channels=channels) as reader:
            for index in sorted({f.frame_idx for f in frames if f.video == name and not f.embedded}):
                if not 0 <= index < reader.frame_count:
                    raise LabelError(
                        f"{videos[name]}: frame {index} is labelled, but the video has only frames "
                        f"0-{reader.frame_count - 1}; change preprocess.start and end, or remove the label"
                    )
                images[name, index] = reader.read(index).image
    return images


def _embedded(frame: sio.LabeledFrame) -> np.ndarray:
    image = np.asarray(frame.image)
    return image if image.ndim == 3 else image[..., None]
