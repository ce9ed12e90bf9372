"""Neurodata Without Borders, with the ndx-pose extension."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from antpipe.export.formats._nwb_file import SCORES, container_names, first_frame, fix_object_ids, write_without_rows
from antpipe.export.frames import BLOCK, frame_blocks
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_source
from antpipe.export.tell import tell
from antpipe.export.tracks import Tracks, find_tracks, tell_untracked
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo


@EXPORTERS.register("nwb")
def export_nwb(sources: Sequence[PosesSource], output: Path) -> None:
    """Write one video as one NWB file; memory is that of the animals in 1024 frames.

    Each track is a `PoseEstimation` in the module `behavior`, with one series per node that runs at the video's rate
    from the first to the last frame examined; where the animal is not, it is NaN and takes no space. Scores of
    instances and tracks are in `behavior/scores`, skeleton, frames examined and provenance (JSON) in the file's
    notes. Instances without a track are in tracks `untracked_0`, `untracked_1`, ... sleap-io's own writer drops
    frames without a node from that node's series, cuts the rate to whole frames per second, and refuses two untracked
    animals in a frame.

    Raises:
        PosesError: for several videos, or two instances of one track in one frame.
    """
    source = only_source(sources, "nwb", "export them one by one")
    info, tracks = source.info, find_tracks(source)
    nodes, names = container_names(info.skeleton.nodes, ()), container_names(tracks.names)
    with atomic_path(output) as temporary:
        write_without_rows(temporary, info, names, nodes, tracks.stop)
        off_s = 0.0
        with h5py.File(temporary, "r+") as file:
            for start, poses in frame_blocks(source, first_frame(info)):
                _fill(file["processing/behavior"], poses, start, tracks, names, nodes)
                off_s = max(off_s, np.abs(poses.time_s - poses.frame_idx / info.video.fps).max())
            fix_object_ids(file, info)
    _tell(output, info, tracks, [*names, *nodes], off_s)


def _fill(
    module: h5py.Group, poses: Poses, start: int, tracks: Tracks, names: Sequence[str], nodes: Sequence[str]
) -> None:
    """Write the frames of a block."""
    index = tracks.index(poses)
    first = start - (tracks.stop - _frames(module[names[0]][nodes[0]]))
    span = slice(first, first + min(BLOCK, tracks.stop - start))
    for track in np.unique(index):
        rows = poses[index == track]
        at, length = rows.frame_idx - start, span.stop - span.start
        group = module[names[track]]
        for i, node in enumerate(nodes):
            group[node]["data"][span] = _spread(rows.points[:, i], at, length)
            group[node]["confidence"][span] = _spread(rows.point_scores[:, i], at, length)
        scores = np.stack([rows.instance_score, rows.tracking_score, rows.predicted], axis=-1)
        module[SCORES][names[track]]["data"][span] = _spread(scores, at, length)


def _frames(series: h5py.Group) -> int:
    return len(series["data"])


def _spread(values: Array, at: Array, frames: int) -> Array:
    """Return values (rows, ...) at their frames in an array (frames, ...) of NaN."""
    spread = np.full((frames, *values.shape[1:]), np.nan, np.float32)
    spread[at] = values
    return spread


def _tell(output: Path, info: PosesInfo, tracks: Tracks, names: Sequence[str], off_s: float) -> None:
    tell_untracked(output, tracks)
    changed = [(old, new) for old, new in zip([*tracks.names, *info.skeleton.nodes], names, strict=True) if old != new]
    for old, new in changed:
        tell(output, f"{old!r} is called {new!r}, because NWB does not allow the name")
    if off_s > 0.5 / info.video.fps:
        tell(output, f"times of frames, which here follow from the frame rate, are off by up to {off_s:.3f} s")
