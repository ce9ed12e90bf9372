"""Reading label files: frames and points of user instances, skeleton, and the videos they belong to."""

from collections.abc import Collection, Mapping
from pathlib import Path

import h5py
import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError
from antpipe.geometry import Array
from antpipe.labels.videos import file_name, is_embedded, match_path, stored_path
from antpipe.poses import Skeleton

# What h5py, json and sleap-io raise for a file that is cut short or was never a label file.
UNREADABLE = (OSError, KeyError, ValueError, IndexError, TypeError, AttributeError, RuntimeError)


def read_labels(path: str | Path) -> sio.Labels:
    """Return the labels of a SLEAP file; the videos they name are not opened and need not exist.

    Images embedded in the file itself (`.pkg.slp`) can be read from the labels' videos.

    Raises:
        LabelError: if the file is missing, empty, cut short, no SLEAP file, or of a later format than known.
    """
    path = Path(path)
    if not path.is_file():
        raise LabelError(f"{path}: label file not found; check the path")
    if path.stat().st_size == 0:
        raise LabelError(f"{path}: expected a SLEAP label file, but the file is empty; save it again in SLEAP")
    if not h5py.is_hdf5(path):
        raise LabelError(f"{path}: expected a SLEAP label file (.slp), but this is not HDF5; save it again in SLEAP")
    try:
        # Frames of embedded videos are numbered by data set, which sleap-io knows only when it opens them.
        return sio.load_slp(str(path), open_videos=_has_images(path))
    except UNREADABLE as error:
        raise LabelError(f"{path}: expected a whole SLEAP label file, but it cannot be read ({error})") from error


def _has_images(path: Path) -> bool:
    with h5py.File(path, "r") as file:
        return any(name.startswith("video") and isinstance(item, h5py.Group) for name, item in file.items())


def labelled_frames(labels: sio.Labels) -> list[sio.LabeledFrame]:
    """Return the frames with at least one user instance, in the file's order."""
    return [frame for frame in labels.labeled_frames if frame.has_user_instances]


def user_points(frame: sio.LabeledFrame, skeleton: Skeleton) -> Array:
    """Return the user instances of a frame as points (instances, nodes, 2), float64, NaN where not visible.

    An instance without a single visible node keeps its row.
    """
    rows = [instance_points(instance, skeleton) for instance in frame.user_instances]
    return np.array(rows, np.float64).reshape(len(rows), len(skeleton.nodes), 2)


def instance_points(instance: sio.Instance, skeleton: Skeleton) -> Array:
    """Return the points (nodes, 2) of an instance in the skeleton's order of nodes, matched by name.

    NaN where a point is not visible or the instance's own skeleton has no such node.
    """
    points = np.asarray(instance.numpy(invisible_as_nan=True), np.float64)
    points[np.isnan(points).any(axis=-1)] = np.nan
    names = instance.skeleton.node_names
    if tuple(names) == skeleton.nodes:
        return points
    row = {name: i for i, name in enumerate(names)}
    padded = np.vstack([points, np.full((1, 2), np.nan)])
    return padded[[row.get(node, len(names)) for node in skeleton.nodes]]


def skeleton_of(labels: sio.Labels) -> Skeleton:
    """Return the one skeleton of the labels; the same nodes in another order count as the same.

    Raises:
        LabelError: if there is none, or if the labels use several with different nodes.
    """
    used = used_skeletons(labels)
    if not used:
        raise LabelError(f"{_origin(labels)}: expected labels with a skeleton, but there is none; add one in SLEAP")
    others = [s for s in used[1:] if set(s.node_names) != set(used[0].node_names)]
    if others:
        first, second = set(used[0].node_names), set(others[0].node_names)
        raise LabelError(
            f"{_origin(labels)}: expected one skeleton, but the labels use {len(used)}; nodes only in the first: "
            f"{sorted(first - second)}, only in another: {sorted(second - first)}; rename or remove one in SLEAP"
        )
    return convert_skeleton(used[0])


def used_skeletons(labels: sio.Labels) -> list[sio.Skeleton]:
    """Return the skeletons that instances use, in the file's order; all of them if there are no instances."""
    used = {id(i.skeleton) for frame in labels.labeled_frames for i in frame.instances}
    return [s for s in labels.skeletons if id(s) in used or not used]


def convert_skeleton(skeleton: sio.Skeleton) -> Skeleton:
    """Return a sleap-io skeleton as antpipe's."""
    return Skeleton(
        nodes=tuple(skeleton.node_names),
        edges=tuple((a, b) for a, b in skeleton.edge_names),
        symmetries=tuple((a, b) for a, b in skeleton.symmetry_names),
    )


def find_videos(
    labels: sio.Labels,
    videos: Mapping[str, Path],
    aliases: Mapping[str, Collection[str | Path]] | None = None,
) -> dict[int, str]:
    """Return which of the project's videos {name: path} each video of the labels is, by its index in the labels.

    Compared are places on disk, then file names, then names without suffix; of each project video also its
    `aliases`, such as the raw file that a preprocessed video was made from. Videos without a labelled frame, and
    videos with embedded images, may be missing from the result.

    Raises:
        LabelError: if a labelled video is none of the project's or could be several, or if two labelled videos
            would be the same one.
    """
    aliases = aliases or {}
    choices = {name: [path, *aliases.get(name, ())] for name, path in videos.items()}
    labelled = {id(frame.video) for frame in labelled_frames(labels)}
    found = {}
    for index, video in enumerate(labels.videos):
        names = match_path(stored_path(video), choices)
        if len(names) == 1:
            found[index] = names[0]
        elif id(video) in labelled and not is_embedded(video):
            raise _not_found(labels, video, names, choices)
    _refuse_shared({i: name for i, name in found.items() if id(labels.videos[i]) in labelled}, labels)
    return found


def _not_found(
    labels: sio.Labels, video: sio.Video, names: list[str], choices: Mapping[str, Collection[str | Path]]
) -> LabelError:
    wanted = stored_path(video)
    if names:
        return LabelError(
            f"{_origin(labels)}: video {wanted!r} could be any of the project's {names}; give the files different names"
        )
    known = sorted({file_name(path) for paths in choices.values() for path in paths})
    return LabelError(
        f"{_origin(labels)}: expected video {file_name(wanted)!r} (labelled as {wanted!r}) among the project's videos, "
        f"but there are only {known}; add it to the project, or rename the file so that the names agree"
    )


def _refuse_shared(found: Mapping[int, str], labels: sio.Labels) -> None:
    paths: dict[str, set[str]] = {}
    for index, name in found.items():
        paths.setdefault(name, set()).add(stored_path(labels.videos[index]))
    for name, shared in paths.items():
        if len(shared) > 1:
            raise LabelError(
                f"{_origin(labels)}: labelled videos {sorted(shared)} would all be the project's video {name!r}; "
                "give the files different names"
            )


def _origin(labels: sio.Labels) -> str:
    return file_name(str(labels.provenance.get("filename") or "labels"))
