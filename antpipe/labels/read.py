"""Reading label files: frames and points of user instances, and the skeleton."""

import os
from pathlib import Path

import numpy as np
import sleap_io as sio

from antpipe.errors import LabelError, shown
from antpipe.geometry import Array
from antpipe.labels.foreign import read_foreign
from antpipe.labels.locate import clean_path
from antpipe.labels.slp_file import MOST_FRAMES, check_slp, has_images, is_slp, unreadable
from antpipe.labels.videos import file_name
from antpipe.poses import Skeleton


def read_labels(path: str | Path) -> sio.Labels:
    """Return the labels of a SLEAP file, or of another that sleap-io reads.

    The videos they name are not opened and need not exist; a path relative to the label file's folder is made to lead
    to the video from here. Images embedded in the file itself (`.pkg.slp`), and lists of images, can be read from
    the labels' videos.

    Raises:
        LabelError: if the file is missing, empty, damaged, no label file, or of a later format than known.
    """
    path = Path(path)
    labels = _read_slp(path) if is_slp(path) or not path.is_file() else read_foreign(path)
    _check_names(path, labels)
    _refuse_cut_videos(path, labels)
    _check_frame_indices(path, labels)
    for video in labels.videos:
        _make_reachable(video, path.parent)
    return labels


def _read_slp(path: Path) -> sio.Labels:
    check_slp(path)
    try:
        # Frames of embedded videos are numbered by data set, which sleap-io knows only when it opens them.
        return sio.load_slp(str(path), open_videos=has_images(path))
    except Exception as error:
        # Whatever sleap-io stumbles over in a damaged file.
        raise unreadable(path, error) from error


def _refuse_cut_videos(path: Path, labels: sio.Labels) -> None:
    cut = [video for video in labels.videos if "crop" in video.backend_metadata]
    if cut:
        raise LabelError(
            f"{path}: video {file_name(str(cut[0].filename))!r} is a part cut out of another one on the fly, which is "
            "not supported; write the part as a video of its own (sio apply-crops)"
        )


def _check_names(path: Path, labels: sio.Labels) -> None:
    """Refuse what sleap-io takes from a damaged file as if it were a name."""
    paths = [name for v in labels.videos for name in (v.filename if isinstance(v.filename, list) else [v.filename])]
    if not all(isinstance(name, str | Path) and "\0" not in str(name) for name in paths):
        raise LabelError(f"{path}: expected paths of videos, got {shown(paths)}; correct the file")
    tracks = [track.name for track in labels.tracks]
    nodes = [getattr(node, "name", node) for skeleton in labels.skeletons for node in skeleton.nodes]
    for what, names in (("tracks", tracks), ("nodes", nodes)):
        if not all(isinstance(name, str) for name in names):
            raise LabelError(f"{path}: expected texts as names of {what}, got {shown(names)}; correct the file")


def _check_frame_indices(path: Path, labels: sio.Labels) -> None:
    for frame in (*labels.labeled_frames, *labels.suggestions):
        images = frame.video.filename
        count = len(images) if isinstance(images, list) else MOST_FRAMES
        if not (isinstance(frame.frame_idx, int | np.integer) and 0 <= frame.frame_idx < count):
            came = shown(frame.frame_idx)
            raise LabelError(f"{path}: expected frame indices from 0 to {count - 1}, got {came}; remove it")


def _make_reachable(video: sio.Video, folder: Path) -> None:
    """Replace paths that are relative to the label file's folder by paths that are right from here."""
    if video.backend is not None:
        return
    if isinstance(video.filename, list):
        set_path(video, [_from_here(path, folder) for path in video.filename])
        # Such labels bring their images along; sleap-io opens them when one is asked for.
        video.open_backend = True
    else:
        set_path(video, _from_here(video.filename, folder))


def _from_here(path: str, folder: Path) -> str:
    there = os.path.join(folder, clean_path(path))
    if os.path.isabs(path) or not os.path.isfile(there):
        return path
    # A folder may be a link, whose parent is not the one above it in the path.
    return os.path.normpath(there) if os.path.isfile(os.path.normpath(there)) else there


def set_path(video: sio.Video, path: str | list[str]) -> None:
    """Give a video that is not open another path; sleap-io keeps it in two places."""
    video.filename = path
    metadata = dict(video.backend_metadata)
    if isinstance(path, list):
        metadata |= {"filenames": path, "filename": path[0] if path else ""}
    elif metadata.get("filename") != ".":
        metadata["filename"] = path
    video.backend_metadata = metadata


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
        raise LabelError(f"{origin(labels)}: expected labels with a skeleton, but there is none; add one in SLEAP")
    others = [s for s in used[1:] if set(s.node_names) != set(used[0].node_names)]
    if others:
        first, second = set(used[0].node_names), set(others[0].node_names)
        raise LabelError(
            f"{origin(labels)}: expected one skeleton, but the labels use {len(used)}; nodes only in the first: "
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


def origin(labels: sio.Labels) -> str:
    """Return the name of the file that labels were read from."""
    return file_name(str(labels.provenance.get("filename") or "labels"))
