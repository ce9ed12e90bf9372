"""SLEAP's analysis HDF5 file: dense arrays by track and frame, in MATLAB's order."""

import json
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from antpipe.export.frames import BLOCK, frame_blocks
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_source
from antpipe.export.tell import tell
from antpipe.export.tracks import Tracks, find_tracks, tell_untracked
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo

_DIMS = {
    "tracks": ("track", "xy", "node", "frame"),
    "track_occupancy": ("frame", "track"),
    "point_scores": ("track", "node", "frame"),
    "instance_scores": ("track", "frame"),
    "tracking_scores": ("track", "frame"),
}
_CHUNK = {"track": 1, "frame": BLOCK, "node": 64, "xy": 2}
_LARGE_GB = 4


@EXPORTERS.register("analysis_h5")
def export_analysis_h5(sources: Sequence[PosesSource], output: Path) -> None:
    """Write one video as arrays by track; memory is that of the animals in 1024 frames.

    Frames run from 0 to the last one examined. The format has no place for an instance without a track: the first
    such instance of each frame goes to an additional track `untracked_0`, the second to `untracked_1`, and so on.
    sleap-io's own writer drops those where there are tracks, and refuses a video without animals. Nor has it one for
    the mark of a person's instance. Where a track is not, nothing is stored, but programs that load the whole file
    need memory for all tracks times all frames.

    Raises:
        PosesError: for several videos, or two instances of one track in one frame.
    """
    source = only_source(sources, "analysis_h5", "export them one by one")
    tracks = find_tracks(source)
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as file:
        _make_arrays(file, len(source.info.skeleton.nodes), tracks)
        for start, poses in frame_blocks(source):
            _fill(file, poses, tracks, start)
        _write_names(file, source.info, tracks.names)
        file.attrs.update(_attributes(source.info))
        _tell(output, file, tracks)


def _make_arrays(file: h5py.File, nodes: int, tracks: Tracks) -> None:
    sizes = {"track": len(tracks.names), "frame": tracks.stop, "node": nodes, "xy": 2}
    for name, dims in _DIMS.items():
        kind, fill = (np.uint8, 0) if name == "track_occupancy" else (np.float64, np.nan)
        shape = tuple(sizes[d] for d in dims)
        # HDF5 cannot cut or compress an array without elements.
        chunks = None if 0 in shape else tuple(min(sizes[d], _CHUNK[d]) for d in dims)
        compression = "gzip" if chunks else None
        data = file.create_dataset(name, shape, kind, chunks=chunks, compression=compression, fillvalue=fill)
        data.attrs["dims"] = json.dumps(dims)


def _fill(file: h5py.File, poses: Poses, tracks: Tracks, start: int) -> None:
    """Write the frames of a block."""
    index = tracks.index(poses)
    length = min(BLOCK, tracks.stop - start)
    span = slice(start, start + length)
    for track in np.unique(index):
        rows = index == track
        at = poses.frame_idx[rows] - start
        file["tracks"][track, ..., span] = _spread(poses.points[rows].transpose(2, 1, 0), at, length)
        file["point_scores"][track, :, span] = _spread(poses.point_scores[rows].T, at, length)
        file["instance_scores"][track, span] = _spread(poses.instance_score[rows], at, length)
        file["tracking_scores"][track, span] = _spread(poses.tracking_score[rows], at, length)
        file["track_occupancy"][span, track] = np.bincount(at, minlength=length)


def _spread(values: Array, at: Array, frames: int) -> Array:
    """Return values (..., rows) at their frames in an array (..., frames) of NaN."""
    spread = np.full((*values.shape[:-1], frames), np.nan)
    spread[..., at] = values
    return spread


def _tell(output: Path, file: h5py.File, tracks: Tracks) -> None:
    tell_untracked(output, tracks)
    gigabytes = sum(file[name].size * file[name].dtype.itemsize for name in _DIMS) / 1e9
    if gigabytes > _LARGE_GB:
        tell(
            output,
            f"a program that loads the whole file needs {gigabytes:.0f} GB for its {len(tracks.names)} tracks times "
            f"{tracks.stop} frames; parquet needs no memory for where a track is not",
        )


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
