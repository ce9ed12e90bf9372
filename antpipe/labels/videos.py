"""Videos of label files: the paths they store, and which video of the project each of them means."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import sleap_io as sio

from antpipe.labels.locate import clean_path


def stored_path(video: sio.Video) -> str:
    """Return the path that a label file stores for a video, with forward slashes.

    For embedded images it is the path of the video that they were taken from, where that is known; for a list of
    images, their folder.
    """
    source = labelled_video(video)
    if isinstance(source.filename, list):
        return parent_of(source.filename[0]) if source.filename else ""
    path = clean_path(source.filename)
    if is_embedded(source):
        # A file may hold the images of several videos; a slash would make the data set look like a file name.
        return f"{path}#{clean_path(source.backend_metadata.get('dataset') or '').replace('/', '.')}"
    return path


def labelled_video(video: sio.Video) -> sio.Video:
    """Return the video that embedded images were taken from, where the file says; else the video itself.

    A list of images stays what it is: its frames are numbered by image, not as in the film they were taken from.
    """
    # A sleap-io video that is not open counts as False.
    return video if video.original_video is None or image_list(video) is not None else video.original_video


def is_embedded(video: sio.Video) -> bool:
    """Return whether the images of a video lie in the label file itself (`.pkg.slp`)."""
    return video.backend_metadata.get("filename") == "." or getattr(video.backend, "has_embedded_images", False)


def image_list(video: sio.Video) -> list[str] | None:
    """Return the paths of the images that make up a video, as for labels of DeepLabCut or COCO; None for a film."""
    return [clean_path(path) for path in video.filename] if isinstance(video.filename, list) else None


def has_own_images(video: sio.Video) -> bool:
    """Return whether labels of a video bring its images along: embedded in the label file, or as files of their own."""
    return is_embedded(video) or isinstance(video.filename, list)


def file_name(path: str | Path) -> str:
    """Return the last part of a path of any operating system."""
    return clean_path(path).rsplit("/", 1)[-1]


def parent_of(path: str | Path) -> str:
    """Return the folder of a path of any operating system."""
    return clean_path(path).rpartition("/")[0]


def video_keys(labels: sio.Labels) -> list[str]:
    """Return a name for each video of the labels: its file name, or the whole stored path where two share that.

    Several lists of images from one folder are told apart by number.
    """
    paths = [stored_path(v) for v in labels.videos]
    for index, video in enumerate(labels.videos):
        if image_list(video) is not None and (before := paths[:index].count(paths[index])):
            paths[index] += f"#{before + 1}"
    count = Counter(file_name(p) for p in set(paths))
    return [file_name(p) if count[file_name(p)] == 1 else p for p in paths]


def match_path(wanted: str | Path, choices: Mapping[str, Collection[str | Path]]) -> list[str]:
    """Return the names of the choices that have the wanted path among their paths.

    Tried in turn until something fits: the same place on disk, the file name, the file name in any case, the file
    name without suffix. An empty list means no match, more than one name an ambiguous one.
    """
    for reading in (_place, file_name, _folded_name, _folded_stem):
        found = [name for name, paths in choices.items() if reading(wanted) in set(map(reading, paths))]
        if found:
            return found
    return []


def _place(path: Any) -> str:
    return clean_path(Path(clean_path(path)).resolve())


def _folded_name(path: Any) -> str:
    return file_name(path).casefold()


def _folded_stem(path: Any) -> str:
    return PurePosixPath(_folded_name(path)).stem
