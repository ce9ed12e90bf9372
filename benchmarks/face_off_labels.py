"""The labels of the face-off."""

from pathlib import Path

import sleap_io as sio

SEEN = list(range(900, 1320, 7))
"""Sixty labelled frames. In those before the flies stand still: two poses, however many frames are taken of them."""
VAL = SEEN[::5]
TRAIN = sorted({*SEEN} - {*VAL})
TEST = list(range(1350, 1500, 3))


def write_labels(clips: Path, folder: Path) -> None:
    """Write the labelled frames of each part, and of training and validation together."""
    source = clips / "clip_pair_13nodes" / "clip.slp"
    for name, frames in (("train", TRAIN), ("val", VAL), ("test", TEST), ("labels", sorted([*TRAIN, *VAL]))):
        labels = sio.load_slp(str(source), open_videos=False)
        labels.labeled_frames = [frame for frame in labels.labeled_frames if frame.frame_idx in frames]
        # Opened, because SLEAP takes a video of which the file does not say how it is read for an array of numbers.
        labels.video.replace_filename(str(source.with_suffix(".mp4").resolve()), open=True)
        labels.save(str(folder / f"{name}.slp"), embed=False, verbose=False)
