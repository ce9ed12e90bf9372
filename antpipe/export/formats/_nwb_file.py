"""What an NWB file holds around the rows of poses."""

import datetime
import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import h5py
import numpy as np
from ndx_pose import PoseEstimation, PoseEstimationSeries, Skeleton, Skeletons
from pynwb import NWBHDF5IO, H5DataIO, NWBFile, TimeSeries
from pynwb.behavior import BehavioralTimeSeries
from pynwb.image import ImageSeries

import antpipe
from antpipe.export.frames import BLOCK
from antpipe.poses import PosesInfo
from antpipe.provenance import today

SCORES, SKELETON, VIDEO = "scores", "animal", "video"
UNKNOWN_TIME = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_RESERVED = ("Skeletons", SCORES)


def container_names(names: Iterable[str], taken: Sequence[str] = _RESERVED) -> list[str]:
    """Return names that NWB allows: without / and :, each one different from the others and from those `taken`."""
    found = list(taken)
    for name in names:
        allowed = re.sub(r"[/:]|^\.$", "_", name)
        while allowed in found:
            allowed += "_"
        found.append(allowed)
    return found[len(taken) :]


def write_without_rows(path: Path, info: PosesInfo, tracks: Sequence[str], nodes: Sequence[str], stop: int) -> None:
    """Write an NWB file whose series have their lengths and no values yet.

    pynwb writes one track; the others are copies of it, because pynwb takes some 10 ms per series and keeps all of
    them in memory.

    Args:
        path: the file.
        info: what the poses are about.
        tracks: names of the tracks, as containers.
        nodes: names of the nodes, as series.
        stop: the frame after the last one.
    """
    file = _file(info, nodes)
    if tracks:
        _add_track(file, info, tracks[0], nodes, stop - first_frame(info))
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    with h5py.File(path, "r+") as stored:
        module = stored["processing/behavior"]
        for name in tracks[1:]:
            module.copy(tracks[0], name)
            module[SCORES].copy(tracks[0], name)


def _file(info: PosesInfo, nodes: Sequence[str]) -> NWBFile:
    file = NWBFile(
        session_description=f"poses of animals in {info.video.path}; when it was filmed is not known to antpipe, so "
        "session_start_time is no more than a placeholder",
        identifier=f"{info.video.path} {info.video.fingerprint[:12]}".strip(),
        session_start_time=UNKNOWN_TIME,
        file_create_date=datetime.datetime.fromisoformat(today()).replace(tzinfo=datetime.UTC),
        notes=info.to_json(),
    )
    file.add_acquisition(_video(info))
    behavior = file.create_processing_module(name="behavior", description="processed behavioral data")
    edges = np.array(info.skeleton.edge_indices(), np.uint32).reshape(-1, 2)
    behavior.add(Skeletons(skeletons=[Skeleton(name=SKELETON, nodes=list(nodes), edges=edges)]))
    return file


def _add_track(file: NWBFile, info: PosesInfo, name: str, nodes: Sequence[str], frames: int) -> None:
    clock = {"rate": info.video.fps, "starting_time": first_frame(info) / info.video.fps}
    behavior = file.processing["behavior"]
    behavior.add(
        PoseEstimation(
            name=name,
            description=f"a track in {info.video.path}",
            pose_estimation_series=[_series(node, frames, info, clock) for node in nodes],
            skeleton=behavior["Skeletons"][SKELETON],
            source_video=file.acquisition[VIDEO],
            source_software="antpipe",
            source_software_version=antpipe.__version__,
        )
    )
    behavior.add(BehavioralTimeSeries(name=SCORES, time_series=[_scores(name, frames, clock)]))


def first_frame(info: PosesInfo) -> int:
    """Return the first frame examined, where the series begin."""
    return min((start for start, _ in info.frames), default=0)


def fix_object_ids(file: h5py.File, info: PosesInfo) -> None:
    """Give each object an id that follows from the poses and its place: the same poses give the same bytes."""
    about = uuid.uuid5(uuid.NAMESPACE_URL, info.to_json())

    def fix(name: str, item: h5py.HLObject) -> None:
        if "object_id" in item.attrs:
            item.attrs.modify("object_id", str(uuid.uuid5(about, name)))

    fix("/", file)
    file.visititems(fix)


def _video(info: PosesInfo) -> ImageSeries:
    return ImageSeries(
        name=VIDEO,
        description="the video that frame numbers and pixels refer to",
        external_file=[info.video.path],
        format="external",
        starting_frame=[0],
        num_samples=info.video.frame_count,
        dimension=[info.video.width, info.video.height],
        rate=info.video.fps,
        starting_time=0.0,
        unit="n.a.",
    )


def _series(node: str, frames: int, info: PosesInfo, clock: dict[str, float]) -> PoseEstimationSeries:
    return PoseEstimationSeries(
        name=node,
        description=f"where {node} is; NaN where it, or the whole animal, was not found",
        data=_empty((frames, 2), np.float32),
        confidence=_empty((frames,), np.float32),
        confidence_definition="height of the confidence map; may be above 1",
        reference_frame=f"{info.coordinates} pixels; (0, 0) is the centre of the top left one, x to the right, y down",
        unit="pixels",
        **clock,
    )


def _scores(track: str, frames: int, clock: dict[str, float]) -> TimeSeries:
    return TimeSeries(
        name=track,
        description="columns: score of the instance; score of its track; 1 for predicted, 0 for set by a person",
        data=_empty((frames, 3), np.float32),
        unit="n.a.",
        **clock,
    )


def _empty(shape: tuple[int, ...], kind: type) -> H5DataIO:
    chunks = (min(BLOCK, max(shape[0], 1)), *shape[1:])
    return H5DataIO(shape=shape, dtype=np.dtype(kind), chunks=chunks, compression="gzip", fillvalue=np.nan)
