"""A quick look into label files: enough to find mistakes before any work starts, with h5py alone."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

import numpy as np

from antpipe.config.labels import MergeConfig
from antpipe.errors import ConfigError, LabelError
from antpipe.labels.locate import Places, find_video
from antpipe.labels.slp_file import check_slp, is_slp, open_slp, read_metadata, read_table


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What a label file is about."""

    path: str
    nodes: tuple[str, ...]
    """All node names of the file, of whichever skeleton."""
    videos: tuple[str, ...]
    """Stored paths of the videos with a labelled frame; images, embedded or in files of their own, are left out."""
    user_instances: int


def glance(path: str) -> Glance | None:
    """Return what a SLEAP file is about; None for a file of another format, which merging will read.

    Raises:
        LabelError: if the file is a broken SLEAP file.
    """
    if not is_slp(path):
        return None
    check_slp(path)
    with open_slp(path) as file:
        nodes = dict.fromkeys(node["name"] for node in read_metadata(file)["nodes"])
        backends = [json.loads(text)["backend"] for text in file["videos_json"][()]]
        instances, frames = read_table(file, "instances"), read_table(file, "frames")
        user = instances[instances["instance_type"] == 0]
        labelled = set(frames["video"][np.isin(frames["frame_id"], user["frame_id"])].tolist())
        names = [b.get("filename", ".") for i, b in enumerate(backends) if i in labelled and "filenames" not in b]
        return Glance(
            path=path,
            nodes=tuple(nodes),
            videos=tuple(n for n in names if isinstance(n, str) and n != "."),
            user_instances=len(user),
        )


def check_labels(
    paths: Sequence[str], videos: Mapping[str, str], wanted_nodes: Iterable[str], merge: MergeConfig | None = None
) -> None:
    """Refuse label files that cannot serve, in one sentence.

    Args:
        paths: the label files.
        videos: the project's raw videos by name.
        wanted_nodes: nodes that the configuration names.
        merge: where to look for videos whose stored path leads nowhere.

    Raises:
        LabelError: if a file has no user instance, or is about videos that the project does not have.
        ConfigError: if no file has a node of that name.
    """
    seen = [g for g in map(glance, paths) if g is not None]
    for file in seen:
        if not file.user_instances:
            raise LabelError(
                f"{file.path}: no animal is labelled by a person; label some frames in SLEAP, or leave it out"
            )
    _check_videos(seen, videos, Places.of(merge or MergeConfig()))
    nodes = {node for file in seen for node in file.nodes}
    unknown = sorted(set(wanted_nodes) - nodes)
    if unknown and len(seen) == len(paths):
        raise ConfigError(
            f"models: unknown nodes {unknown} in head.anchor_part or part_names; labels have {sorted(nodes)}"
        )


def labelled_videos(
    paths: Sequence[str], videos: Mapping[str, str], merge: MergeConfig | None = None
) -> dict[str, str]:
    """Return those of the project's videos that label files are about; all where that cannot be told quickly.

    Raises:
        LabelError: if a file is a broken SLEAP file.
    """
    places = Places.of(merge or MergeConfig())
    about: set[str] = set()
    for path in paths:
        file = glance(path)
        if file is None or not file.videos:
            return dict(videos)
        for video in file.videos:
            found = find_video(video, path, places)
            stems = {_stem(video), _stem(str(found.path)) if found else ""}
            own = {name for name, raw in videos.items() if stems & {_stem(name), _stem(raw)}}
            if not own:
                return dict(videos)
            about |= own
    return {name: raw for name, raw in videos.items() if name in about}


def _check_videos(files: Sequence[Glance], videos: Mapping[str, str], places: Places) -> None:
    known = {_stem(name) for name in videos} | {_stem(path) for path in videos.values()}
    missing: dict[str, list[str]] = {}
    for file in files:
        for video in file.videos:
            found = find_video(video, file.path, places)
            if not {_stem(video), _stem(str(found.path)) if found else ""} & known:
                missing.setdefault(PureWindowsPath(video).name, []).append(file.path)
    if missing:
        plural = len(missing) > 1
        listed = ", ".join(repr(name) for name in missing)
        needed = ", ".join(dict.fromkeys(path for paths in missing.values() for path in paths))
        raise LabelError(
            f"{needed}: labels of the video{'s' * plural} {listed}, which {'are' if plural else 'is'} not among the "
            f"project's videos {sorted(videos)}; add {'them' if plural else 'it'} to `videos`, or leave the label "
            f"file{'s' * (',' in needed)} out"
        )


def _stem(path: str) -> str:
    # Windows paths take both kinds of slashes; macOS stores letters and accents apart.
    return PureWindowsPath(unicodedata.normalize("NFC", path)).stem.casefold()
