"""Poses of a whole video: models and video in, one poses file out, in a stream."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.errors import ModelError, VideoError
from antpipe.files import fingerprint
from antpipe.geometry import IDENTITY, Transform
from antpipe.inference.frames import Ranges, join_frames, parse_frames
from antpipe.inference.topdown import CentroidFinder, Found, NodeFinder, Prepared
from antpipe.models.folder import TrainedModel, load_model
from antpipe.poses import Poses, PosesInfo, VideoMeta, make_poses, write_poses_to
from antpipe.progress import show_progress
from antpipe.provenance import provenance
from antpipe.video.prefetch import prefetch
from antpipe.video.read import VideoReader
from antpipe.video.sidecar import read_sidecar

PREFETCHED_FRAMES = 8

T = TypeVar("T")


def predict_video(
    video: str | Path,
    models: Sequence[str | Path],
    output: str | Path,
    config: PredictConfig,
    frames: str | None = None,
) -> None:
    """Predict the poses in a video and write them, whole or not at all.

    Memory is that of a few batches, whatever the length of the video.

    Args:
        video: the video file.
        models: the folders of a centroid and a centered_instance model, ours or SLEAP's, in any order.
        output: the poses file (Parquet).
        config: thresholds, batches, precision, geometry.
        frames: such as `0-100,200`; all by default.

    Raises:
        ModelError: if the models are not one of each kind.
        VideoError: if the video cannot be read.
    """
    centroid, instance = load_pair(models, config.precision)
    finders = CentroidFinder.of(centroid, config), NodeFinder.of(instance, config)
    channels = max(m.spec.config.input.channels for m in (centroid, instance))
    with VideoReader(video, channels=channels) as reader:
        ranges = parse_frames(frames, reader.frame_count)
        info = _info(reader, Path(video), ranges, centroid, instance, config)
        with write_poses_to(output, info) as writer, show_progress("predict") as advance:
            seen: set[int] = set()
            ready = prefetch(_ready_frames(reader, ranges, *finders), PREFETCHED_FRAMES)
            for batch in in_batches(ready, config.batch_size):
                centroids = finders[0].find([frame.whole for frame in batch])
                writer.write(_as_poses(batch, finders[1].find([frame.scaled for frame in batch], centroids), info))
                seen.update(frame.frame_idx for frame in batch)
                advance(len(seen), info.frame_total)
            if not seen:
                raise VideoError(f"{video}: none of the frames asked for could be read; look at the video in a player")
            # A broken video may give fewer frames than it promises: the file says which were looked at.
            writer.info = replace(info, frames=join_frames(seen), provenance=_with_problems(info, reader.problems))


class Ready(NamedTuple):
    """A frame made ready for both networks, off the main thread."""

    frame_idx: int
    time_s: float
    whole: Prepared
    scaled: Prepared


def load_pair(folders: Sequence[str | Path], precision: str) -> tuple[TrainedModel, TrainedModel]:
    """Return the centroid and the centered_instance model among the folders.

    Raises:
        ModelError: if they are not exactly one of each.
    """
    models = {}
    for folder in folders:
        model = load_model(folder, precision)
        if model.spec.model_type in models:
            raise ModelError(f"{folder}: a second {model.spec.model_type} model; give one of each kind")
        models[model.spec.model_type] = model
    missing = sorted({"centroid", "centered_instance"} - set(models))
    if missing:
        raise ModelError(
            f"{', '.join(map(str, folders))}: top-down prediction needs a centroid and a centered_instance model; "
            f"missing {missing}; add --model FOLDER"
        )
    return models["centroid"], models["centered_instance"]


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`; the last may be shorter."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _ready_frames(
    reader: VideoReader, ranges: Ranges, centroid: CentroidFinder, instance: NodeFinder
) -> Iterator[Ready]:
    for start, stop in ranges:
        for frame in reader.frames(start, stop):
            yield Ready(frame.index, frame.time_s, centroid.prepare(frame.image), instance.prepare(frame.image))


def _as_poses(frames: Sequence[Ready], found: Sequence[Found], info: PosesInfo) -> Poses:
    """Return the animals of several frames as one table."""
    counts = [len(f.points) for f in found]
    poses = make_poses(
        info,
        frame_idx=np.repeat([f.frame_idx for f in frames], counts),
        points=np.concatenate([f.points for f in found]),
        point_scores=np.concatenate([f.point_scores for f in found]),
        instance_score=np.concatenate([f.instance_scores for f in found]),
    )
    return replace(poses, time_s=np.repeat(np.array([f.time_s for f in frames], np.float64), counts))


def _info(
    reader: VideoReader,
    video: Path,
    ranges: Ranges,
    centroid: TrainedModel,
    instance: TrainedModel,
    config: PredictConfig,
) -> PosesInfo:
    record = provenance(
        "antpipe predict",
        settings=config.model_dump(mode="json"),
        models={m.spec.model_type: m.fingerprint for m in (centroid, instance)},
        notes=[*centroid.notes, *instance.notes],
    )
    sidecar = read_sidecar(video)
    meta = VideoMeta(
        path=video.as_posix(),
        width=reader.width,
        height=reader.height,
        fps=reader.fps,
        frame_count=reader.frame_count,
        fingerprint=sidecar["output"]["fingerprint"] if "output" in sidecar else fingerprint(video),
    )
    return PosesInfo(
        skeleton=instance.spec.skeleton,
        video=meta,
        frames=ranges,
        to_raw=Transform.from_dict(sidecar["to_raw"]) if "to_raw" in sidecar else IDENTITY,
        provenance={"prediction": record},
    )


def _with_problems(info: PosesInfo, problems: list[str]) -> dict[str, object]:
    return {**info.provenance, "problems": problems} if problems else info.provenance
