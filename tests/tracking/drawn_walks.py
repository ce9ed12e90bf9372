"""Animals that walk, as predictions of them and as the truth."""

import numpy as np

from antpipe.config.tracking import TrackConfig
from antpipe.evaluation.tracking import tracking_metrics
from antpipe.poses import PosesInfo, Skeleton, VideoMeta, make_poses
from antpipe.tracking.track import track_poses

BODY = np.array([[-20.0, 0.0], [0.0, 6.0], [0.0, -6.0], [20.0, 0.0]])
"""Four nodes; the diagonal of the box is sqrt(40^2 + 12^2) = 41.8 px."""
SIZE = float(np.hypot(40, 12))


def animals(*places):
    """Poses (animals, nodes, 2) at places (x, y)."""
    return np.array([BODY + place for place in places]).reshape(-1, 4, 2)


def dots(*places):
    """Poses of one node."""
    return np.array(places, float).reshape(-1, 1, 2)


def moved(poses, x, y):
    return poses + np.array([x, y], float)


def hide(poses, *nodes):
    poses = poses.copy()
    poses[:, list(nodes)] = np.nan
    return poses


def table(frames, scores=None, first=0, classes=(), names=None, tracking_score=None):
    """A poses table of frames of poses (instances, nodes, 2); None is a frame that was not examined."""
    shown = [(first + i, poses) for i, poses in enumerate(frames) if poses is not None and len(poses)]
    nodes = next((p.shape[1] for p in frames if p is not None), 4)
    info = PosesInfo(
        skeleton=Skeleton(nodes=tuple(f"n{i}" for i in range(nodes))),
        video=VideoMeta(path="film.mp4", width=640, height=480, fps=25.0, frame_count=first + len(frames)),
        frames=((first, first + len(frames)),),
        provenance={"prediction": {"classes": list(classes)}} if classes else {},
    )
    score = None
    if scores is not None:
        score = np.concatenate([np.asarray(s, float) for s in scores if s is not None and len(s)])
    return make_poses(
        info,
        frame_idx=np.repeat([k for k, _ in shown], [len(p) for _, p in shown]).astype(int),
        points=np.concatenate([p for _, p in shown]) if shown else np.zeros((0, nodes, 2)),
        instance_score=score,
        track=names,
        tracking_score=tracking_score,
    )


def track(frames, scores=None, first=0, images=None, **config):
    """The names of each frame's instances."""
    return per_frame(tracked(frames, scores, first, images, **config), frames)


def tracked(frames, scores=None, first=0, images=None, **config):
    """The table with tracks."""
    (result,) = track_poses([table(frames, scores, first)], TrackConfig(**config), images)
    return result


def per_frame(poses, frames):
    stops = np.cumsum([0 if p is None else len(p) for p in frames])
    starts = np.append(0, stops[:-1])
    return [None if p is None else list(poses.track[a:b]) for p, a, b in zip(frames, starts, stops, strict=True)]


def walk(animals, frames, *, side, size=40.0, speed=0.12, turn=0.1, seed=0):
    """Places (frames, animals, 2) and headings of animals that wander about a square, through each other and smoothly.

    `side` and `size` are in pixels, `speed` in sizes per frame, `turn` is the random change of heading per frame.
    """
    rng = np.random.default_rng(seed)
    place, heading = rng.uniform(0, side, (animals, 2)), rng.uniform(-np.pi, np.pi, animals)
    pace = size * speed * rng.uniform(0.5, 1.5, animals)
    places, headings = np.empty((frames, animals, 2)), np.empty((frames, animals))
    for t in range(frames):
        inward = np.arctan2(*(side / 2 - place).T[::-1])
        outside = np.clip(np.abs(place - side / 2).max(axis=1) / (side / 2) - 0.8, 0, 0.4)
        off = np.angle(np.exp(1j * (inward - heading)))
        heading = heading + turn * rng.standard_normal(animals) + outside * off
        place = place + pace[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        places[t], headings[t] = place, heading
    return places, headings


def bodies(places, headings, shape):
    """Poses (..., nodes, 2) of a body (nodes, 2) at places (..., 2)."""
    c, s = np.cos(headings)[..., None], np.sin(headings)[..., None]
    x, y = shape[:, 0], shape[:, 1]
    return places[..., None, :] + np.stack([c * x - s * y, s * x + c * y], axis=-1)


def imperfect(poses, *, size, missed=0.08, false=0.05, jitter=0.04, hidden=0.03, seed=0):
    """Poses and scores that a model finds of (frames, animals, nodes, 2): misses, false ones, noise, hidden nodes.

    Of the false ones, whose scores are low, some lie about real animals. Noise is in sizes.
    """
    rng = np.random.default_rng(seed)
    found, scores = [], []
    low, high = poses.reshape(-1, 2).min(axis=0), poses.reshape(-1, 2).max(axis=0)
    for now in poses:
        seen = now[rng.random(len(now)) >= missed]
        seen = seen + jitter * size * (rng.standard_normal((len(seen), 1, 2)) + rng.standard_normal(seen.shape)) / 1.4
        wrong = now[rng.integers(len(now), size=rng.poisson(false * len(now)))]
        near = rng.random(len(wrong)) < 0.4
        about = rng.normal(0, 0.35 * size, (len(wrong), 1, 2))
        anywhere = rng.uniform(low, high, (len(wrong), 2))[:, None] - wrong.mean(axis=1, keepdims=True)
        wrong = wrong + np.where(near[:, None, None], about, anywhere)
        all_of_them = np.concatenate([seen, wrong])
        if now.shape[1] > 1:
            all_of_them[rng.random(all_of_them.shape[:2]) < hidden] = np.nan
        score = np.append(rng.normal(0.88, 0.07, len(seen)), rng.normal(0.42, 0.15, len(wrong)))
        order = rng.permutation(len(all_of_them))
        found.append(all_of_them[order])
        scores.append(np.clip(score[order], 0.05, 1))
    return found, scores


def metrics(true, frames, names, *, scale, ids=None):
    """Identity metrics of named instances against true poses (frames, animals, nodes, 2)."""
    truth = [(range(len(now)) if ids is None else ids[i], now) for i, now in enumerate(true)]
    given = []
    for poses, found in zip(frames, names, strict=True):
        has = [name is not None for name in found]
        given.append(([name for name in found if name is not None], poses[np.array(has, bool)]))
    return tracking_metrics(truth, given, similarity=lambda a, b: _similarity(a, b, scale))


def _similarity(true, given, scale):
    middle = [np.nanmean(p, axis=1) for p in (true, given)]
    return np.clip(1 - np.linalg.norm(middle[0][:, None] - middle[1][None], axis=-1) / scale, 0, 1)
