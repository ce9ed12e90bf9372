"""SLEAP's label file, with the poses as predicted (or user) instances."""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import sleap_io as sio

from antpipe.export.frames import examined_frames
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_skeleton
from antpipe.export.tracks import track_names
from antpipe.files import atomic_path
from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton, VideoMeta, empty_poses

_ROW_TABLES = ("frames", "instances", "points", "pred_points")
_USER, _PREDICTED = 0, 1


class _Node(sio.Node):
    """A node that hashes by its name: sleap-io writes pairs from sets, whose order would else change each time."""

    def __hash__(self) -> int:
        return zlib.crc32(self.name.encode())


@EXPORTERS.register("slp")
def export_slp(sources: Sequence[PosesSource], output: Path) -> None:
    """Write all videos as one .slp that SLEAP and sleap-io open.

    sleap-io writes everything but the rows; those go as arrays into the four tables it lays out, because its Python
    objects, one per point, would take minutes and gigabytes for a video of many animals. A frame that was examined
    and holds no animal is there, empty; a point that is not visible has NaN coordinates and score 0, as in SLEAP's
    own files.

    Raises:
        PosesError: if the skeletons differ.
    """
    skeleton = only_skeleton(sources)
    names = [track_names(source.path) for source in sources]
    first_track = np.cumsum([0, *(len(n) for n in names)])
    with atomic_path(output) as temporary:
        sio.save_slp(_labels_without_rows(sources, skeleton, names), str(temporary), verbose=False)
        with h5py.File(temporary, "r+") as file:
            _make_growable(file)
            for video, source in enumerate(sources):
                track_ids = {name: int(first_track[video]) + i for i, name in enumerate(names[video])}
                for frames, poses in _examined(source):
                    _append(file, frames, poses, video, track_ids)


def _labels_without_rows(
    sources: Sequence[PosesSource], skeleton: Skeleton, names: Sequence[Sequence[str]]
) -> sio.Labels:
    return sio.Labels(
        videos=[_video(source.info.video) for source in sources],
        skeletons=[_skeleton(skeleton)],
        tracks=[sio.Track(name) for of_video in names for name in of_video],
        provenance={"antpipe": [source.info.provenance for source in sources]},
    )


def _video(video: VideoMeta) -> sio.Video:
    # With the shape given and the file unopened, the video may be elsewhere; grayscale is found out on opening.
    backend = {
        "type": "MediaVideo",
        "shape": [video.frame_count, video.height, video.width, 3],
        "filename": video.path,
        "grayscale": None,
        "bgr": True,
        "dataset": "",
        "input_format": "",
        "fps": video.fps,
    }
    return sio.Video(filename=video.path, backend_metadata=backend, open_backend=False)


def _skeleton(skeleton: Skeleton) -> sio.Skeleton:
    nodes = [_Node(name) for name in skeleton.nodes]
    edges, symmetries = list(skeleton.edges), list(skeleton.symmetries)
    return sio.Skeleton(nodes=nodes, edges=edges, symmetries=symmetries, name="animal")


def _make_growable(file: h5py.File) -> None:
    for name in _ROW_TABLES:
        kind = file[name].dtype
        del file[name]
        file.create_dataset(name, shape=(0,), maxshape=(None,), chunks=(16_384,), dtype=kind, compression=1)


def _examined(source: PosesSource) -> Iterator[tuple[Array, Poses]]:
    """Yield the rows with the frames that were examined up to the last of them; at last the frames after all rows."""
    to_come = examined_frames(source.info)
    for poses in source:
        passed = int(np.searchsorted(to_come, poses.frame_idx[-1:], side="right").sum())
        yield np.union1d(to_come[:passed], poses.frame_idx), poses
        to_come = to_come[passed:]
    yield to_come, empty_poses(source.info)


def _append(file: h5py.File, frames: Array, poses: Poses, video: int, track_ids: dict[str, int]) -> None:
    starts = {name: len(file[name]) for name in _ROW_TABLES}
    _grow(
        file["frames"],
        frame_id=starts["frames"] + np.arange(len(frames)),
        video=np.full(len(frames), video),
        frame_idx=frames,
        instance_id_start=starts["instances"] + np.searchsorted(poses.frame_idx, frames),
        instance_id_end=starts["instances"] + np.searchsorted(poses.frame_idx, frames, side="right"),
    )
    point_starts = _point_starts(poses, starts)
    _grow(
        file["instances"],
        instance_id=starts["instances"] + np.arange(len(poses)),
        instance_type=np.where(poses.predicted, _PREDICTED, _USER),
        frame_id=starts["frames"] + np.searchsorted(frames, poses.frame_idx),
        skeleton=np.zeros(len(poses), np.int64),
        track=np.array([-1 if name is None else track_ids[name] for name in poses.track], np.int64),
        from_predicted=np.full(len(poses), -1),
        score=np.where(poses.predicted, poses.instance_score, 0),
        point_id_start=point_starts,
        point_id_end=point_starts + len(poses.info.skeleton.nodes),
        tracking_score=poses.tracking_score,
    )
    _grow_points(file["points"], poses[~poses.predicted])
    _grow_points(file["pred_points"], poses[poses.predicted])


def _point_starts(poses: Poses, starts: dict[str, int]) -> Array:
    """Return where each instance's points begin; user and predicted points are counted in tables of their own."""
    earlier_predicted = np.cumsum(poses.predicted) - poses.predicted
    earlier_user = np.arange(len(poses)) - earlier_predicted
    nodes = len(poses.info.skeleton.nodes)
    in_predicted, in_user = starts["pred_points"] + nodes * earlier_predicted, starts["points"] + nodes * earlier_user
    return np.where(poses.predicted, in_predicted, in_user)


def _grow_points(table: h5py.Dataset, poses: Poses) -> None:
    xy = poses.points.reshape(-1, 2)
    visible = ~np.isnan(xy[:, 0])
    columns = {"x": xy[:, 0], "y": xy[:, 1], "visible": visible, "complete": np.zeros(len(xy), bool)}
    if "score" in table.dtype.names:
        columns["score"] = np.where(visible, poses.point_scores.ravel(), 0)
    _grow(table, **columns)


def _grow(table: h5py.Dataset, **columns: Array) -> None:
    rows = np.empty(len(next(iter(columns.values()))), table.dtype)
    for name in table.dtype.names:
        rows[name] = columns[name]
    table.resize(len(table) + len(rows), axis=0)
    if len(rows):
        table[-len(rows) :] = rows
