"""Label files of other programs (DeepLabCut, COCO, NWB ...), read through sleap-io."""

import csv
import itertools
import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.labels.locate import clean_path
from antpipe.labels.videos import parent_of

NOT_FOUND = "images_not_found"
"""Key of the provenance that says how many images with labels are not at hand."""


def read_foreign(path: str | Path) -> sio.Labels:
    """Return the labels of a file that is not SLEAP's, as sleap-io understands it.

    Images that the file is about become a list of images: frame n is the n-th of them. Labels of images that are not
    at hand are left out; the provenance counts these images.

    Raises:
        LabelError: if sleap-io knows no such format or cannot read the file, or if none of its images is at hand.
    """
    if not Path(path).stat().st_size:
        raise LabelError(f"{path}: expected a SLEAP label file, but the file is empty; save it again in SLEAP")
    try:
        labels, named = _load(Path(path))
    except Exception as error:
        # A dozen readers of a dozen libraries raise whatever a file that they did not expect makes them raise.
        kind = "this is another kind of HDF5" if h5py.is_hdf5(path) else "this is not HDF5"
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise LabelError(
            f"{path}: expected a SLEAP label file (.slp), but {kind}, and as labels of another program (DeepLabCut, "
            f"COCO, NWB ...) sleap-io cannot read it ({reason}); export the labels as .slp"
        ) from error
    found = sum(len(video.filename) for video in labels.videos if isinstance(video.filename, list))
    if named and not found:
        raise LabelError(
            f"{path}: none of its {len(named)} images is where it says, the first is {named[0]!r}; put "
            "them below the folder of the file"
        )
    if len(named) > found:
        labels.provenance[NOT_FOUND] = len(named) - found
    labels.provenance.setdefault("filename", str(path))
    return labels


def _load(path: Path) -> tuple[sio.Labels, list[str]]:
    """Return the labels, and the names of the images that they are about."""
    with warnings.catch_warnings():
        # What it warns of, images that are not there, is counted later.
        warnings.simplefilter("ignore")
        labels = sio.load_file(str(path))
    if not isinstance(labels, sio.Labels):
        raise TypeError(f"it holds a {type(labels).__name__.lower()}")
    named = _named_images(path)
    if named and path.suffix.lower() == ".csv":
        _number_by_image(labels, named)
    return labels, named


def _named_images(path: Path) -> list[str]:
    """Return the images that a DeepLabCut table or a COCO file names; none for a file of another kind."""
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        heads = [row[0] for row in rows[:4]]
        # Above the data of DeepLabCut stand three or four lines, of which this is the last.
        data = rows[heads.index("coords") + 1 :] if "coords" in heads else []
        return [clean_path("/".join(row[:3]) if row[0] == "labeled-data" else row[0]) for row in data]
    if path.suffix.lower() == ".json":
        value: Any = json.loads(path.read_text(encoding="utf-8"))
        images = value.get("images") if isinstance(value, dict) else None
        return [str(image["file_name"]) for image in images] if isinstance(images, list) else []
    return []


def _number_by_image(labels: sio.Labels, named: list[str]) -> None:
    """Make one list of a DeepLabCut table's images per folder, and number its frames by these.

    sleap-io numbers the frames as if all images were there, and takes each image that lies right below `labeled-data`
    (the layout of Lightning Pose) for a video of its own.
    """
    groups: dict[str, list[str]] = {}
    for name in named:
        groups.setdefault(_video_of(name), []).append(name)
    image_of: dict[int, str] = {}
    for video in labels.videos:
        there = {_base(path): clean_path(path) for path in video.filename}
        group = groups[_group_of(next(iter(there.values())), groups)]
        names = sorted(group, key=lambda name: _number(name)[0])
        for frame in labels.labeled_frames:
            if frame.video is video and (image := there.get(_base(names[frame.frame_idx]))):
                image_of[id(frame)] = image
    folders: dict[str, list[str]] = {}
    for image in sorted({clean_path(path) for video in labels.videos for path in video.filename}, key=_number):
        folders.setdefault(parent_of(image), []).append(image)
    videos = {folder: sio.Video.from_filename(images) for folder, images in folders.items()}
    labels.labeled_frames = [frame for frame in labels.labeled_frames if id(frame) in image_of]
    for frame in labels.labeled_frames:
        image = image_of[id(frame)]
        frame.video, frame.frame_idx = videos[parent_of(image)], folders[parent_of(image)].index(image)
    labels.videos = list(videos.values())


def _video_of(name: str) -> str:
    """Return what sleap-io takes for the video of an image."""
    parts = PurePosixPath(name).parts
    return parts[1] if len(parts) > 1 and parts[0] == "labeled-data" else PurePosixPath(name).parent.name


def _group_of(image: str, groups: Mapping[str, list[str]]) -> str:
    """Return the group that names an image file: by the end of its path, else by its name."""
    by_path = (group for group, names in groups.items() if any(image.endswith(f"/{name}") for name in names))
    by_name = (group for group, names in groups.items() if _base(image) in map(_base, names))
    return next(itertools.chain(by_path, by_name))


def _base(path: str) -> str:
    return PurePosixPath(clean_path(path)).name


def _number(image: str) -> tuple[int, str]:
    """Return the last number in an image's name, as sleap-io sorts by, and the name."""
    numbers = re.findall(r"\d+", PurePosixPath(image).stem)
    return int(numbers[-1]) if numbers else 0, image
