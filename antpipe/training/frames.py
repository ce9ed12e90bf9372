"""The images of labelled frames, decoded."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.on_video import PlacedFrame, place_frames
from antpipe.labels.split import PARTS, Fold
from antpipe.training.samples import LabelledFrame
from antpipe.video.read import VideoReader


def load_frames(
    labels: sio.Labels, fold: Fold, videos: Mapping[str, Path], channels: int
) -> dict[str, list[LabelledFrame]]:
    """Return the labelled frames of each part of a split with their images, in the order of the split.

    Raises:
        LabelError: if a labelled video is not among `videos`, or the video has no such frame.
        VideoError: if a video cannot be read.
    """
    placed = {part: place_frames(labels, getattr(fold, part), videos) for part in PARTS}
    images = _decode([f for frames in placed.values() for f in frames], videos, channels)
    return {
        part: [
            LabelledFrame(video=f.video, frame_idx=f.frame_idx, image=images[f.video, f.frame_idx], points=f.points)
            for f in frames
        ]
        for part, frames in placed.items()
    }


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
