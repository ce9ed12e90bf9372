"""Where the videos of a label file are, when nobody says."""

from collections.abc import Sequence
from pathlib import Path

import sleap_io as sio

from antpipe.errors import VideoError
from antpipe.labels.videos import file_name, is_embedded, stored_path


def label_videos(labels: sio.Labels, labels_path: str | Path, given: Sequence[Path] | None = None) -> dict[str, Path]:
    """Return the videos of a label file by name: those given, else where the labels say, else beside the label file.

    A video found nowhere is left out; whoever needs it says so.

    Raises:
        VideoError: if a given video does not exist.
    """
    if given:
        for path in given:
            if not path.is_file():
                raise VideoError(f"{path}: video not found; check the path")
        return {path.stem: path for path in given}
    found = {}
    for video in labels.videos:
        if is_embedded(video):
            continue
        stored = stored_path(video)
        for path in (Path(stored), Path(labels_path).parent / file_name(stored)):
            if path.is_file():
                found[path.stem] = path
                break
    return found
