"""A quick look into label files: enough to find mistakes before any work starts, with h5py alone."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import h5py
import numpy as np

from antpipe.errors import ConfigError, LabelError


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What a label file is about."""

    path: str
    nodes: tuple[str, ...]
    """All node names of the file, of whichever skeleton."""
    videos: tuple[str, ...]
    """Stored paths of the videos with a labelled frame; embedded images are left out."""
    user_instances: int


def glance(path: str) -> Glance | None:
    """Return what a SLEAP file is about; None for a file of another format, which merging will read.

    Raises:
        LabelError: if the file is a broken SLEAP file.
    """
    if Path(path).suffix != ".slp":
        return None
    try:
        with h5py.File(path) as file:
            nodes = [node["name"] for node in json.loads(file["metadata"].attrs["json"])["nodes"]]
            backends = [json.loads(text)["backend"] for text in file["videos_json"][()]]
            instances, frames = file["instances"][()], file["frames"][()]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise LabelError(f"{path}: expected a whole SLEAP label file, but it cannot be read ({error})") from error
    user = instances[instances["instance_type"] == 0]
    labelled = set(frames["video"][np.isin(frames["frame_id"], user["frame_id"])].tolist())
    names = [b.get("filename", ".") for i, b in enumerate(backends) if i in labelled]
    return Glance(
        path=path,
        nodes=tuple(nodes),
        videos=tuple(n for n in names if isinstance(n, str) and n != "."),
        user_instances=len(user),
    )


def check_labels(paths: Sequence[str], videos: Mapping[str, str], wanted_nodes: Iterable[str]) -> None:
    """Refuse label files that cannot serve, in one sentence.

    Args:
        paths: the label files.
        videos: the project's raw videos by name.
        wanted_nodes: nodes that the configuration names.

    Raises:
        LabelError: if a file has no user instance, or is about a video that the project does not have.
        ConfigError: if no file has a node of that name.
    """
    seen = [g for g in map(glance, paths) if g is not None]
    known = {_stem(name) for name in videos} | {_stem(path) for path in videos.values()}
    for file in seen:
        if not file.user_instances:
            raise LabelError(
                f"{file.path}: no animal is labelled by a person; label some frames in SLEAP, or leave it out"
            )
        for video in file.videos:
            if _stem(video) not in known:
                raise LabelError(
                    f"{file.path}: labels of the video {PureWindowsPath(video).name!r}, which is not among the "
                    f"project's videos {sorted(videos)}; add it to `videos`, or leave the label file out"
                )
    nodes = {node for file in seen for node in file.nodes}
    unknown = sorted(set(wanted_nodes) - nodes)
    if unknown and len(seen) == len(paths):
        raise ConfigError(
            f"models: unknown nodes {unknown} in head.anchor_part or part_names; labels have {sorted(nodes)}"
        )


def _stem(path: str) -> str:
    # Windows paths take both kinds of slashes; macOS stores letters and accents apart.
    return PureWindowsPath(unicodedata.normalize("NFC", path)).stem.casefold()
