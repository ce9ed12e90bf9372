"""Films to compare trackers on: detections without identities, and who is who in truth."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tracking_chain import chain_scene

from antpipe.config.simulate import SimulateConfig
from antpipe.evaluation.mot import read_mot
from antpipe.evaluation.read import read_frames
from antpipe.evaluation.sequence import TrackFrame
from antpipe.poses import Poses, PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.synthetic.scene import Scene, frame_chunks, make_scene
from antpipe.synthetic.simulate import seen_points
from antpipe.synthetic.skeleton import ANT_SKELETON

CORNERS = Skeleton(nodes=("left_top", "right_bottom"))
NOISES = range(1, 6)
"""Seeds of the noise of made-up detections: who is lost behind whom is chance."""
LEAST_NODES = 5
"""An animal that shows fewer nodes is not found, as no detector would."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """One film to track."""

    name: str
    detections: Poses
    truth: list[TrackFrame]
    similarity: str
    video: Path | None = None

    @property
    def animals(self) -> int:
        """Number of identities."""
        return len({name for names, _ in self.truth for name in names})


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What a detector does to the truth."""

    missed: float
    """Part of the instances that is not found; half of it one frame at a time, half in runs of frames."""
    false_per_frame: float
    """False instances per frame: half of them beside an animal, half at fixed places of the ground."""
    jitter: float
    """Standard deviation of the nodes, as a part of the animal's size."""


def detect(rng: np.random.Generator, frames: list[TrackFrame], noise: Noise) -> tuple[list, list]:
    """Return the instances (instances, nodes, 2) and scores (instances,) that a detector finds in each frame."""
    lost: dict[Hashable, int] = {}
    size = np.nanmedian([np.ptp(p[~np.isnan(p[:, 0])], axis=0).max() for _, points in frames for p in points])
    everything = np.concatenate([points for _, points in frames])
    low, high = np.nanmin(everything, axis=(0, 1)), np.nanmax(everything, axis=(0, 1))
    clutter = [
        (rng.uniform(low, high), everything[rng.integers(len(everything))]) for _ in range(max(1, len(frames) // 50))
    ]
    found, scores = [], []
    for names, points in frames:
        keep = []
        for name in names:
            if lost.get(name, 0) > 0:
                lost[name] -= 1
                keep.append(False)
                continue
            if rng.random() < noise.missed / 2 / 6:
                lost[name] = int(rng.geometric(1 / 6))
            keep.append(rng.random() >= noise.missed / 2)
        seen = (~np.isnan(points[..., 0])).sum(axis=1) >= min(LEAST_NODES, points.shape[1])
        here = points[np.array(keep, bool) & seen]
        false = [_false(rng, here, clutter, size) for _ in range(rng.poisson(noise.false_per_frame))]
        here = np.concatenate([here, *false]) if false else here
        found.append(here + rng.normal(0, noise.jitter * size, here.shape))
        true = len(found[-1]) - len(false)
        scores.append(np.concatenate([rng.beta(12, 2, true), rng.beta(4, 4, len(false))]))
    return found, scores


def _false(rng: np.random.Generator, points: np.ndarray, clutter: list, size: float) -> np.ndarray:
    """Return one false instance: some nodes of an animal beside it, or the ground at one of the places of `clutter`."""
    if rng.random() < 0.5 and len(points):
        part = points[rng.integers(len(points))]
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 0.8) * size
        part = part + away * np.array([np.cos(angle), np.sin(angle)])
        return np.where(rng.random((len(part), 1)) < 0.5, part, np.nan)[None] if len(part) > 2 else part[None]
    place, pose = clutter[rng.integers(len(clutter))]
    return (pose - np.nanmean(pose, axis=0) + place)[None]


def table(frames: list, scores: list, skeleton: Skeleton, size: tuple[int, int], fps: float, name: str) -> Poses:
    """Return detections, one entry per frame, as poses."""
    info = PosesInfo(
        skeleton=skeleton,
        video=VideoMeta(path=f"{name}.mp4", width=size[0], height=size[1], fps=fps, frame_count=len(frames)),
        frames=((0, len(frames)),),
    )
    return make_poses(
        info,
        frame_idx=np.repeat(np.arange(len(frames)), [len(f) for f in frames]),
        points=np.concatenate([np.zeros((0, len(skeleton.nodes), 2)), *frames]),
        instance_score=np.concatenate([np.zeros(0), *scores]),
    )


def simulated(name: str, scene: Scene, noise: Noise, seed: int) -> Film:
    """Return a film of simulated ants; truth are the nodes that the camera sees."""
    config = scene.config
    parts = [seen_points(scene, np.arange(start, stop)) for start, stop in frame_chunks(config.frames)]
    truth = []
    for points in np.concatenate(parts):
        seen = np.flatnonzero(~np.isnan(points).all(axis=(1, 2)))
        truth.append((seen.tolist(), points[seen]))
    found, scores = detect(np.random.default_rng(seed), truth, noise)
    size = (config.width, config.height)
    return Film(
        name=name,
        detections=table(found, scores, ANT_SKELETON, size, config.fps, name),
        truth=truth,
        similarity="distance",
    )


def noisy_boxes(name: str, truth: Path, noise: Noise, seed: int) -> Film:
    """Return a film of boxes; detections are the truth with noise."""
    true = [(f.tracks, f.points) for f in read_mot(truth, truth=True)]
    return _boxes(name, true, *detect(np.random.default_rng(seed), true, noise))


def boxes(name: str, truth: Path, detections: Path, least: float = 0.0) -> Film:
    """Return a film of boxes; detections are those of a file from a confidence on."""
    true = [(f.tracks, f.points) for f in read_mot(truth, truth=True)]
    frames = {f.frame_idx: f for f in read_mot(detections)}
    kept = [frames[i].with_instances(frames[i].scores >= least) if i in frames else None for i in range(len(true))]
    found = [np.zeros((0, 2, 2)) if f is None else f.points for f in kept]
    return _boxes(name, true, found, [np.zeros(0) if f is None else f.scores for f in kept])


def _boxes(name: str, true: list[TrackFrame], found: list, scores: list) -> Film:
    high = np.ceil(np.nanmax(np.concatenate([p for _, p in true]), axis=(0, 1))).astype(int)
    return Film(
        name=name,
        detections=table(found, scores, CORNERS, (int(high[0]), int(high[1])), 25.0, name),
        truth=true,
        similarity="iou",
    )


def labelled(name: str, truth: Path, predicted: Path, video: Path, size: tuple[int, int], fps: float) -> Film:
    """Return a film of SLEAP files: predictions, whose tracks are not read, and proofread tracks."""
    true, other = read_frames(truth, prefer="predicted"), read_frames(predicted, prefer="predicted")
    last = max(f.frame_idx for f in [*true.frames, *other.frames])
    by_frame = {f.frame_idx: f for f in other.frames}
    nothing = np.zeros((0, len(true.skeleton.nodes), 2))
    found = [by_frame[i].points if i in by_frame else nothing for i in range(last + 1)]
    scores = [by_frame[i].scores if i in by_frame else np.zeros(0) for i in range(last + 1)]
    answers = {f.frame_idx: (f.tracks, f.points) for f in true.frames}
    return Film(
        name=name,
        detections=table(found, scores, true.skeleton, size, fps, name),
        truth=[answers.get(i, ((), nothing)) for i in range(last + 1)],
        similarity="distance",
        video=video,
    )


def real_films(data: Path) -> Iterator[tuple[str, list[Callable[[], Film]]]]:
    """Yield the name of each film of the shared data and how to make it: once, or with one noise after the other."""
    noise = Noise(missed=0.1, false_per_frame=0.5, jitter=0.04)
    for bees in ("BEE2412", "BEE2413", "BEE2420"):
        path = data / "mot_bees" / f"{bees}.gt.txt"
        yield bees, [partial(noisy_boxes, bees, path, noise, seed) for seed in NOISES]
    ants = data / "mot_ants" / "upc_minut"
    for kind, least in (("fgbg", 0.0), ("yolo", 0.5)):
        truth, found = ants / "minut_annotations.txt", ants / f"minut_{kind}_dets.txt"
        yield f"ants {kind}", [partial(boxes, f"ants {kind}", truth, found, least)]
    mice = data / "mice_identity"
    found = mice / "proofread.slp", mice / "sleap_tracked.slp", mice / "video.mp4"
    yield "mice", [partial(labelled, "mice", *found, (1024, 768), 47.0)]
    flies = data / "fly_clips" / "centered_pair_24nodes"
    found = (
        flies / "centered_pair_predictions.clean.slp",
        flies / "centered_pair_predictions.slp",
        flies / "centered_pair_small.mp4",
    )
    yield "fly pair", [partial(labelled, "fly pair", *found, (384, 384), 15.0)]


SIMULATIONS = {
    # name: ants, difficulty, width, height, frames, frames per second, missed, false per frame, seed
    "8 easy": (8, "easy", 640, 480, 600, 24.0, 0.0, 0.0, 1),
    "8 hard": (8, "hard", 480, 360, 600, 24.0, 0.1, 0.3, 2),
    "8 hard, 8 fps": (8, "hard", 480, 360, 600, 8.0, 0.1, 0.3, 3),
    "30 easy": (30, "easy", 1280, 960, 500, 24.0, 0.1, 0.5, 4),
    "30 hard": (30, "hard", 960, 720, 500, 24.0, 0.1, 0.5, 5),
    "30 hard, 20 % missed": (30, "hard", 960, 720, 500, 24.0, 0.2, 1.0, 6),
    "100 easy": (100, "easy", 1920, 1440, 300, 24.0, 0.05, 1.0, 7),
    "100 hard": (100, "hard", 1600, 1200, 300, 24.0, 0.1, 2.0, 8),
}


def simulated_films(seed: int = 0) -> Iterator[tuple[str, list[Callable[[], Film]]]]:
    """Yield the name of each simulated film and how to make it; another seed, other films of the same kinds."""
    for name, values in SIMULATIONS.items():
        yield name, [partial(_simulation, name, values, seed)]
    for name, missed in (("chain of 30", 0.05), ("chain of 30, 20 % missed", 0.2)):
        yield name, [partial(_chain, name, Noise(missed=missed, false_per_frame=0.5, jitter=0.02), 9 + seed)]


def _chain(name: str, noise: Noise, seed: int) -> Film:
    return simulated(name, chain_scene(frames=720, seed=seed), noise, seed)


def _simulation(name: str, values: tuple, seed: int) -> Film:
    ants, difficulty, width, height, frames, fps, missed, false, own = values
    config = SimulateConfig(
        ants=ants, difficulty=difficulty, width=width, height=height, frames=frames, fps=fps, seed=own + 100 * seed
    )
    noise = Noise(missed=missed, false_per_frame=false, jitter=0.02)
    return simulated(name, make_scene(config, 0), noise, own + 100 * seed)
