"""Simulated videos as files: the videos, their labels for training, and the whole truth for tracking."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sleap_io as sio

import antpipe
from antpipe.config.simulate import SimulateConfig
from antpipe.files import fingerprint
from antpipe.geometry import Array
from antpipe.labels.write import write_labels
from antpipe.poses import Poses, PosesInfo, VideoMeta, make_poses
from antpipe.poses_file import write_poses_to
from antpipe.progress import Advance
from antpipe.synthetic.render import make_studio, render_frame
from antpipe.synthetic.scene import Scene, frame_chunks, identities, make_scene, observe
from antpipe.synthetic.skeleton import ANT_SKELETON
from antpipe.video.write import VideoWriter

CRF = 20
"""Quality of the videos: hardly any visible loss."""


def simulate(out_dir: str | Path, config: SimulateConfig, on_progress: Advance | None = None) -> list[Path]:
    """Write videos of ants, `truth/{video}.parquet` with all poses, and at last `labels.slp`; return their paths.

    The same config gives the same bytes. `labels.slp` names the videos without a folder: they lie beside it.

    Args:
        out_dir: folder, made if it is missing; files of the same names are replaced.
        config: what to draw.
        on_progress: called with the frames drawn so far and their total.
    """
    folder, total = Path(out_dir), config.videos * config.frames
    paths, labelled, videos = [], [], []
    for index in range(config.videos):
        scene, path = make_scene(config, index), folder / f"{video_name(index)}.mp4"
        for done in _draw_video(path, scene):
            if on_progress is not None:
                on_progress(index * config.frames + done, total)
        truth = folder / "truth" / f"{path.stem}.parquet"
        _write_truth(truth, scene, path)
        paths += [path, truth]
        videos.append(_sleap_video(path, config))
        labelled.append(scene)
    labels = folder / "labels.slp"
    write_labels(labels, make_labels(labelled, videos))
    return [*paths, labels]


def video_name(index: int) -> str:
    """Return the name, without suffix, of the video with an index from 0."""
    return f"ants_{index + 1:03}"


def labelled_frames(config: SimulateConfig) -> Array:
    """Return the indices of the frames that labels.slp holds, the same in every video."""
    count = min(config.labelled_frames, config.frames)
    return ((np.arange(count) + 0.5) * config.frames / count).astype(np.int64)


def make_labels(scenes: list[Scene], videos: list[sio.Video]) -> sio.Labels:
    """Return the labelled frames of all scenes as user instances, one track for each ant of each video."""
    skeleton = sio.Skeleton(
        nodes=list(ANT_SKELETON.nodes),
        edges=list(ANT_SKELETON.edges),
        symmetries=list(ANT_SKELETON.symmetries),
        name="ant",
    )
    frames, tracks = [], []
    for scene, video in zip(scenes, videos, strict=True):
        own = [sio.Track(name) for name in identities(scene.config.ants)]
        frames += _labelled_frames(scene, video, skeleton, own)
        tracks += own
    return sio.Labels(frames, videos=videos, skeletons=[skeleton], tracks=tracks)


def _labelled_frames(
    scene: Scene, video: sio.Video, skeleton: sio.Skeleton, tracks: list[sio.Track]
) -> list[sio.LabeledFrame]:
    indices = labelled_frames(scene.config)
    return [
        sio.LabeledFrame(
            video=video,
            frame_idx=int(frame),
            instances=[
                sio.Instance.from_numpy(ant, skeleton=skeleton, track=track)
                for ant, track in zip(points, tracks, strict=True)
                if not np.isnan(ant).all()
            ],
        )
        for frame, points in zip(indices, seen_points(scene, indices), strict=True)
    ]


def seen_points(scene: Scene, frames: Array) -> Array:
    """Return the nodes (frames, ants, nodes, 2) in pixels, NaN where the camera does not see them."""
    posture, visible = observe(scene, frames)
    return np.where(visible[..., None], posture.points, np.nan)


def _draw_video(path: Path, scene: Scene) -> Iterator[int]:
    """Write a video; yield the number of frames after each one."""
    config, studio = scene.config, make_studio(scene)
    with VideoWriter(path, width=config.width, height=config.height, fps=config.fps, crf=CRF) as writer:
        for frame in range(config.frames):
            writer.write(render_frame(scene, studio, frame))
            yield frame + 1


def _write_truth(path: Path, scene: Scene, video: Path) -> None:
    config = scene.config
    info = PosesInfo(
        skeleton=ANT_SKELETON,
        video=VideoMeta(
            path=video.name,
            width=config.width,
            height=config.height,
            fps=config.fps,
            frame_count=config.frames,
            fingerprint=fingerprint(video),
        ),
        frames=((0, config.frames),),
        # No date: the same config gives the same bytes on any day.
        provenance={
            "command": "simulate",
            "antpipe_version": antpipe.__version__,
            "config": config.model_dump(),
            "video_index": scene.video,
        },
    )
    with write_poses_to(path, info) as writer:
        for start, stop in frame_chunks(config.frames):
            writer.write(_true_poses(scene, info, np.arange(start, stop)))


def _true_poses(scene: Scene, info: PosesInfo, frames: Array) -> Poses:
    points = seen_points(scene, frames)
    frame, ant = np.nonzero(~np.isnan(points).all(axis=(2, 3)))
    names = np.array(identities(scene.config.ants), object)
    return make_poses(info, frame_idx=frames[frame], points=points[frame, ant], track=names[ant], predicted=False)


def _sleap_video(path: Path, config: SimulateConfig) -> sio.Video:
    backend = {
        "type": "MediaVideo",
        "shape": [config.frames, config.height, config.width, 3],
        "filename": path.name,
        "grayscale": False,
        "bgr": True,
        "dataset": "",
        "input_format": "",
        "fps": config.fps,
    }
    return sio.Video(filename=path.name, backend_metadata=backend, open_backend=False)
