"""SLEAP's analysis HDF5 file: dense arrays by track and frame, in MATLAB's order."""

import json
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from antpipe.errors import PosesError
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_source
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo, count_within

_DIMS = {
    "tracks": ("track", "xy", "node", "frame"),
    "track_occupancy": ("frame", "track"),
    "point_scores": ("track", "node", "frame"),
    "instance_scores": ("track", "frame"),
    "tracking_scores": ("track", "frame"),
}
_CHUNK = {"track": 1, "frame": 4096, "node": 64, "xy": 2}


@EXPORTERS.register("analysis_h5")
def export_analysis_h5(sources: Sequence[PosesSource], output: Path) -> None:
    """Write one video as arrays by track; the poses of the video and one track's arrays are held in memory.

    Frames run from 0 to the last one examined. The format has no place for an instance without a track: the first
    such instance of each frame goes to an additional track `untracked_0`, the second to `untracked_1`, and so on.
    sleap-io's own writer drops those where there are tracks, and refuses a video without animals.

    Raises:
        PosesError: for several videos, or two instances of one track in one frame.
    """
    source = only_source(sources, "analysis_h5", "export them one by one")
    poses = source.read()
    names, slots = _slots(poses, source.path)
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as file:
        _write_arrays(file, poses, slots, len(names))
        _write_names(file, source.info, names)
        file.attrs.update(_attributes(source.info))


def _slots(poses: Poses, path: Path) -> tuple[list[str], Array]:
    """Return the names of the tracks and the track index of each row."""
    names = list(dict.fromkeys(name for name in poses.track if name is not None))
    index = {name: i for i, name in enumerate(names)}
    slots = np.array([index.get(name, -1) for name in poses.track], np.int64)
    lone = np.flatnonzero(slots < 0)
    extra = count_within(poses.frame_idx[lone]).astype(np.int64)
    slots[lone] = len(names) + extra
    names += [f"untracked_{i}" for i in range(extra.max(initial=-1) + 1)]
    _refuse_twice(poses, names, slots, path)
    return names, slots


def _refuse_twice(poses: Poses, names: Sequence[str], slots: Array, path: Path) -> None:
    order = np.lexsort((poses.frame_idx, slots))
    again = (np.diff(slots[order]) == 0) & (np.diff(poses.frame_idx[order]) == 0)
    if again.any():
        row = order[np.flatnonzero(again)[0]]
        raise PosesError(
            f"{path}: expected one instance per track and frame, but track {names[slots[row]]!r} has two in frame "
            f"{poses.frame_idx[row]}; track the video again or export to another format"
        )


def _write_arrays(file: h5py.File, poses: Poses, slots: Array, tracks: int) -> None:
    nodes = len(poses.info.skeleton.nodes)
    frames = max((stop for _, stop in poses.info.frames), default=0)
    frames = max(frames, int(poses.frame_idx.max(initial=-1)) + 1)
    sizes = {"track": tracks, "frame": frames, "node": nodes, "xy": 2}
    for name, dims in _DIMS.items():
        kind = np.uint8 if name == "track_occupancy" else np.float64
        shape = tuple(sizes[d] for d in dims)
        # HDF5 cannot cut or compress an array without elements.
        chunks = None if 0 in shape else tuple(min(sizes[d], _CHUNK[d]) for d in dims)
        data = file.create_dataset(name, shape, kind, chunks=chunks, compression="gzip" if chunks else None)
        data.attrs["dims"] = json.dumps(dims)
    for track in range(tracks):
        rows = slots == track
        at = poses.frame_idx[rows]
        file["tracks"][track] = _spread(poses.points[rows].transpose(2, 1, 0), at, frames)
        file["point_scores"][track] = _spread(poses.point_scores[rows].T, at, frames)
        file["instance_scores"][track] = _spread(poses.instance_score[rows], at, frames)
        file["tracking_scores"][track] = _spread(poses.tracking_score[rows], at, frames)
        file["track_occupancy"][:, track] = np.bincount(at, minlength=frames)


def _spread(values: Array, at: Array, frames: int) -> Array:
    """Return values (..., rows) at their frames in an array (..., frames) of NaN."""
    spread = np.full((*values.shape[:-1], frames), np.nan)
    spread[..., at] = values
    return spread


def _write_names(file: h5py.File, info: PosesInfo, tracks: Sequence[str]) -> None:
    file["track_names"] = _bytes(tracks)
    file["node_names"] = _bytes(info.skeleton.nodes)
    file["edge_names"] = _bytes([name for edge in info.skeleton.edges for name in edge]).reshape(-1, 2)
    file["edge_inds"] = np.array(info.skeleton.edge_indices(), np.int64).reshape(-1, 2)
    file["labels_path"] = ""
    file["video_path"] = info.video.path
    file["video_ind"] = 0
    file["provenance"] = json.dumps({**info.provenance, "coordinates": info.coordinates}, ensure_ascii=False)


def _attributes(info: PosesInfo) -> dict[str, str]:
    """Return what sleap-io reads beyond SLEAP's own layout."""
    shape = [info.video.frame_count, info.video.height, info.video.width, 3]
    return {
        "format": "analysis",
        "preset": "matlab",
        "skeleton_symmetries": json.dumps(info.skeleton.symmetries, ensure_ascii=False),
        "video_backend_metadata": json.dumps({"shape": shape, "fps": info.video.fps}),
    }


def _bytes(names: Sequence[str]) -> Array:
    return np.array([name.encode() for name in names], "S")
