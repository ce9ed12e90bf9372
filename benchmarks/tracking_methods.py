"""The trackers that are compared: SLEAP's methods as antpipe has them, SORT and ByteTrack, and antpipe's default."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from tracking_baselines import bytetrack, sort
from tracking_films import Film

from antpipe.config.stitching import StitchConfig
from antpipe.config.tracking import TrackConfig
from antpipe.poses import Poses, concat_poses
from antpipe.tracking.images import open_images
from antpipe.tracking.stitch import plan_stitching
from antpipe.tracking.track import track_poses

Tracker = Callable[[Film], np.ndarray]
"""Returns the track (rows,) of each row of the film's detections, None for none."""
NO_GATE = 1e6
"""SLEAP has no limit on how far an animal may go."""


def all_trackers(film: Film, *, pixels: bool) -> Iterator[tuple[str, Tracker]]:
    """Yield the name and the tracker of all that can work on a film."""
    yield from sleap_trackers(film, pixels=pixels)
    yield "SORT", lambda film: _named(sort(film.detections))
    yield "ByteTrack", lambda film: _named(bytetrack(film.detections))
    yield "antpipe, first look", lambda film: _linked(film, TrackConfig()).track
    yield "antpipe", lambda film: _stitched(film, None)
    yield "antpipe, number known", lambda film: _stitched(film, film.animals)


def sleap_trackers(film: Film, *, pixels: bool) -> Iterator[tuple[str, Tracker]]:
    """Yield SLEAP's methods with the settings that its users choose from, without antpipe's gate."""
    looks = [(similarity, match) for similarity in ("instance", "centroid", "iou") for match in ("greedy", "hungarian")]
    for similarity, match in looks:
        common = {"similarity": similarity, "matching": match, "gate": NO_GATE}
        for window in (5, 15):
            yield f"SLEAP simple, {similarity}, {match}, {window}", _tracker(method="simple", window=window, **common)
        yield (
            f"SLEAP simplemaxtracks, {similarity}, {match}",
            _tracker(method="simplemaxtracks", window=5, max_tracks=film.animals, **common),
        )
    yield (
        "SLEAP kalman, centroid, hungarian",
        _tracker(method="kalman", window=5, similarity="centroid", target_instance_count=film.animals, gate=NO_GATE),
    )
    if pixels and film.video is not None:
        yield "SLEAP flow, instance, greedy", _tracker(method="flow", matching="greedy", window=5, gate=NO_GATE)
        yield (
            "SLEAP flowmaxtracks, instance, greedy",
            _tracker(method="flowmaxtracks", matching="greedy", window=5, max_tracks=film.animals, gate=NO_GATE),
        )


def _tracker(**settings: object) -> Tracker:
    return lambda film: _linked(film, TrackConfig(**settings)).track


def _linked(film: Film, config: TrackConfig) -> Poses:
    video = film.video if config.needs_video else None
    with open_images(video, film.detections.info) as images:
        return concat_poses(list(track_poses(_tables(film.detections), config, images)))


def _stitched(film: Film, animals: int | None) -> np.ndarray:
    linked = _linked(film, TrackConfig())
    plan = plan_stitching(partial(_tables, linked), linked.info, StitchConfig(), animals=animals)
    return np.concatenate([plan.rename(part).track for part in _tables(linked)])


def _tables(poses: Poses, rows: int = 16_384) -> Iterator[Poses]:
    """Yield the poses in tables of whole frames, as a file does."""
    frames = np.flatnonzero(np.diff(poses.frame_idx, prepend=-1))
    stops = np.append(frames[np.searchsorted(frames, np.arange(rows, len(poses), rows))[:]], len(poses))
    start = 0
    for stop in np.unique(stops):
        yield poses[start : int(stop)]
        start = int(stop)


def _named(numbers: np.ndarray) -> np.ndarray:
    return np.where(numbers < 0, None, numbers.astype(object))
