"""The label files of a merge, read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sleap_io as sio

from antpipe.config.labels import NodeMap
from antpipe.errors import LabelError
from antpipe.labels.locate import Found, Places, clean_path, find_video
from antpipe.labels.read import read_labels, used_skeletons
from antpipe.labels.videos import file_name, image_list, is_embedded, labelled_video, stored_path

Renames = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One label file of a merge."""

    name: str
    """The path as it was given."""
    labels: sio.Labels
    renames: Renames
    """Nodes of this file to nodes of the result; None leaves a node out, nodes not named stay."""
    located: Mapping[str, Found] = field(default_factory=dict)
    """Video files that are at hand, by stored path."""

    @property
    def skeletons(self) -> list[sio.Skeleton]:
        """The skeletons that count: those with instances, else all."""
        return used_skeletons(self.labels)

    def found(self, video: sio.Video) -> Found | None:
        """Return the file of a video of these labels, if it is at hand."""
        return None if image_list(video) is not None else self.located.get(stored_path(video))

    def uses(self, video: sio.Video) -> bool:
        """Return whether these labels have a frame or a suggestion in a video."""
        frames = (*self.labels.labeled_frames, *self.labels.suggestions)
        return any(frame.video is video for frame in frames)


def read_sources(paths: Sequence[str | Path], node_map: NodeMap, places: Places) -> list[Source]:
    """Return the label files, and where their videos are.

    Raises:
        LabelError: if there are none, if one is named twice or cannot be read, or if the map names what is not there.
    """
    names = [clean_path(path) for path in paths]
    if not names:
        raise LabelError("expected label files to merge, but there is none; name at least one .slp file")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LabelError(f"label files {twice} are named more than once; name each file once")
    sources = [_read_source(name, path, node_map, places) for name, path in zip(names, paths, strict=True)]
    check_node_map(node_map, sources)
    return sources


def renames_for(path: str, node_map: NodeMap) -> Renames:
    """Return the renaming meant for a file, which the map names by path or by file name."""
    return next((node_map[key] for key in node_map if key in (path, file_name(path))), {})


def check_node_map(node_map: NodeMap, sources: Sequence[Source]) -> None:
    """Refuse a map that names files or nodes which are not there.

    Raises:
        LabelError: naming the file or nodes, and what there is.
    """
    known = [s.name for s in sources]
    for key in node_map:
        if key not in known and key not in map(file_name, known):
            raise LabelError(f"map-nodes: expected names of the label files {known}, got {key!r}")
    for source in sources:
        nodes = {n for skeleton in source.skeletons for n in skeleton.node_names}
        unknown = sorted(set(source.renames) - nodes)
        if unknown:
            raise LabelError(f"map-nodes: {source.name} has no nodes {unknown}; it has {sorted(nodes)}")


def _read_source(name: str, path: str | Path, node_map: NodeMap, places: Places) -> Source:
    labels = read_labels(path)
    return Source(
        name=name, labels=labels, renames=renames_for(name, node_map), located=_locate(labels, path, name, places)
    )


def _locate(labels: sio.Labels, path: str | Path, name: str, places: Places) -> dict[str, Found]:
    """Return the video files that are at hand, by stored path.

    A file that several videos lead to by something else than their whole paths is given to none of them, unless it
    is needed.
    """
    films = [v for v in labels.videos if image_list(v) is None and not is_embedded(labelled_video(v))]
    located: dict[str, Found] = {}
    for stored in dict.fromkeys(map(stored_path, films)):
        if found := find_video(stored, path, places):
            located[stored] = found
    used = {stored_path(frame.video) for frame in labels.labeled_frames}
    for file in {found.path.resolve() for found in located.values()}:
        shared = sorted(stored for stored, found in located.items() if found.path.resolve() == file)
        if len(shared) > 1 and any(located[stored].by != "stored path" for stored in shared):
            if len(used & set(shared)) > 1:
                raise LabelError(
                    f"{name}: labelled videos {shared} would all be the file {file.name!r}; tell them apart with "
                    "merge.prefixes, or give the files different names"
                )
            located = {stored: found for stored, found in located.items() if stored not in set(shared) - used}
    return located
