"""Poses of a whole video: models and video in, one poses file out, in a stream."""

import bisect
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.errors import VideoError
from antpipe.files import fingerprint
from antpipe.geometry import IDENTITY, Transform
from antpipe.inference.chunks import Chunks, join_poses, open_chunks
from antpipe.inference.frames import Ranges, in_chunks, join_ranges, parse_frames
from antpipe.inference.memory import in_parts
from antpipe.inference.parallel import map_ahead
from antpipe.inference.predictor import Found, Pipeline, Predictor, load_pipeline
from antpipe.poses import Poses, PosesInfo, VideoMeta, empty_poses, make_poses
from antpipe.poses_file import write_poses, write_poses_to
from antpipe.progress import show_progress
from antpipe.provenance import code_version, provenance
from antpipe.video.prefetch import prefetch
from antpipe.video.read import VideoReader
from antpipe.video.sidecar import read_sidecar

PREFETCHED_FRAMES = 8
CHUNK_FRAMES = 1024
"""About so many frames are lost at most when a prediction is killed."""

T = TypeVar("T")


def predict_video(
    video: str | Path,
    models: Sequence[str | Path],
    output: str | Path,
    config: PredictConfig,
    frames: str | None = None,
    *,
    part: tuple[int, int] = (0, 1),
) -> None:
    """Predict the poses in a video and write them, whole or not at all.

    Memory is that of a few batches for each core, whatever the length of the video. Finished chunks wait in a folder
    `.resume` beside `output`, so that a prediction that was killed goes on; its file is the same as if nothing had
    happened.

    Args:
        video: the video file.
        models: the folders of models that work together, ours or SLEAP's, in any order.
        output: the poses file (Parquet).
        config: thresholds, batches, precision, geometry.
        frames: such as `0-100,200`; all by default.
        part: (number, parts): one of several parts of those frames, of about the same length, which `join_poses` makes
            into the same file as one prediction of all frames. A part may be empty.

    Raises:
        ModelError: if the models do not work together.
        VideoError: if the video cannot be read.
    """
    pipeline = load_pipeline(models, config)
    with VideoReader(video, channels=pipeline.channels) as reader:
        # A whole number of batches, so that a frame shares its batch with the same frames whatever the parts are.
        size = max(1, CHUNK_FRAMES // pipeline.batch_size) * pipeline.batch_size
        chunks = in_chunks(parse_frames(frames, reader.frame_count), size)
        number, parts = part
        own = chunks[len(chunks) * number // parts : len(chunks) * (number + 1) // parts]
        info = _info(reader, Path(video), join_ranges(limits for chunk in own for limits in chunk), pipeline, config)
        with open_chunks(output, f"{code_version(__name__)} {info.to_json()}") as store:
            _predict_chunks(reader, own, store, pipeline, info)
            if store.paths():
                join_poses(store.paths(), output, reader.problems)
            elif parts == 1:
                raise VideoError(f"{video}: none of the frames asked for could be read; look at the video in a player")
            else:
                write_poses(output, empty_poses(replace(info, frames=())))


def _predict_chunks(
    reader: VideoReader,
    chunks: Sequence[Ranges],
    store: Chunks,
    pipeline: Pipeline,
    info: PosesInfo,
) -> None:
    """Predict the chunks that are not in the store yet."""
    finished = store.finished()
    left = [number for number in range(len(chunks)) if number not in finished]
    done = sum(stop - start for number in finished for start, stop in chunks[number])
    if done:
        print(f"going on after {done} of {info.frame_total} frames", file=sys.stderr, flush=True)
    ranges = join_ranges(limits for number in left for limits in chunks[number])
    ready = prefetch(_ready_frames(reader, ranges, pipeline.predictor), PREFETCHED_FRAMES)
    starts = [chunk[0][0] for chunk in chunks]
    find = in_parts(pipeline.predictor.find, lambda note: print(f"note: {note}", file=sys.stderr, flush=True))

    def find_in(batch: list[Ready]) -> tuple[list[Ready], list[Found]]:
        return batch, find([frame.prepared for frame in batch])

    with show_progress("predict") as advance:
        for number, group in itertools.groupby(ready, lambda frame: bisect.bisect(starts, frame.frame_idx) - 1):
            promised = replace(info, frames=chunks[number])
            with write_poses_to(store.path(number), promised) as writer:
                seen = []
                for batch, found in map_ahead(
                    find_in, in_batches(group, pipeline.batch_size), pipeline.batches_at_once
                ):
                    writer.write(_as_poses(batch, found, info))
                    seen += [frame.frame_idx for frame in batch]
                    done += len(batch)
                    advance(done, info.frame_total)
                # A broken video may give fewer frames than it promises: the file says which were looked at.
                frames = join_ranges((frame_idx, frame_idx + 1) for frame_idx in seen)
                writer.info = replace(promised, frames=frames, provenance=_with_problems(info, reader.problems))


class Ready(NamedTuple):
    """A frame made ready for the networks, off the main thread."""

    frame_idx: int
    time_s: float
    prepared: Any


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


def _ready_frames(reader: VideoReader, ranges: Ranges, predictor: Predictor) -> Iterator[Ready]:
    for start, stop in ranges:
        for frame in reader.frames(start, stop):
            yield Ready(frame.index, frame.time_s, predictor.prepare(frame.image))


def _as_poses(frames: Sequence[Ready], found: Sequence[Found], info: PosesInfo) -> Poses:
    """Return the animals of several frames as one table."""
    counts = [len(f.points) for f in found]
    told = None if any(f.tracks is None for f in found) else found
    poses = make_poses(
        info,
        frame_idx=np.repeat([f.frame_idx for f in frames], counts),
        points=np.concatenate([f.points for f in found]),
        point_scores=np.concatenate([f.point_scores for f in found]),
        instance_score=np.concatenate([f.instance_scores for f in found]),
        tracking_score=None if told is None else np.concatenate([f.tracking_scores for f in told]),
        track=None if told is None else [track for f in told for track in f.tracks or ()],
    )
    return replace(poses, time_s=np.repeat(np.array([f.time_s for f in frames], np.float64), counts))


def _info(reader: VideoReader, video: Path, ranges: Ranges, pipeline: Pipeline, config: PredictConfig) -> PosesInfo:
    record = provenance(
        "antpipe predict",
        settings=config.model_dump(mode="json"),
        models={name: model.fingerprint for name, model in pipeline.models.items()},
        classes=[name for model in pipeline.models.values() for name in model.spec.classes],
        notes=[note for model in pipeline.models.values() for note in model.notes],
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
        skeleton=pipeline.predictor.skeleton,
        video=meta,
        frames=ranges,
        to_raw=Transform.from_dict(sidecar["to_raw"]) if "to_raw" in sidecar else IDENTITY,
        provenance={"prediction": record},
    )


def _with_problems(info: PosesInfo, problems: list[str]) -> dict[str, object]:
    return {**info.provenance, "problems": problems} if problems else info.provenance
