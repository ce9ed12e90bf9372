"""Tracks for a whole video: poses file in, poses file out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from antpipe.config.tracking import TrackConfig
from antpipe.errors import ConfigError
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo
from antpipe.poses_file import iter_poses, read_info, write_poses_to
from antpipe.progress import show_progress
from antpipe.provenance import provenance
from antpipe.tracking.count import count_animals
from antpipe.tracking.images import open_images
from antpipe.tracking.registry import Images
from antpipe.tracking.tracker import Tracker


def track_poses(parts: Iterable[Poses], config: TrackConfig, images: Images | None = None) -> Iterator[Poses]:
    """Yield the tables of one video, in frame order, with a track and a tracking score on every instance that has one.

    Where models that tell animals apart made the predictions, an instance keeps the name and the score that they gave
    it; those without a name are linked to what is near, named animals among it. All other tracks are made anew.

    Args:
        parts: tables of whole frames.
        config: how to track.
        images: returns the image (height, width, 1) of a frame, for methods that look at pixels.

    Raises:
        PosesError: if frames are out of order.
        ConfigError: if a method lacks the images, or `max_tracks` is `auto`: counting animals takes a pass of its own.
    """
    if config.max_tracks == "auto":
        raise ConfigError(
            "track.max_tracks: expected a number where tables are tracked as they come, got 'auto'; track a file"
        )
    tracker: Tracker | None = None
    for poses in parts:
        tracker = tracker or Tracker(poses.info, config, images)
        yield tracker.track(poses)


def track_file(
    predictions: str | Path, output: str | Path, config: TrackConfig, video: str | Path | None = None
) -> None:
    """Link the instances of a poses file into tracks.

    Instances that get no track stay in the table. Memory is that of one row group, whatever the video's length. The
    file is read once, and once more for each of `max_tracks: auto` and a `min_length` above 1.

    Args:
        predictions: poses file.
        output: poses file to be written.
        config: how to track.
        video: the video that the coordinates refer to, for methods that look at pixels; not for others.

    Raises:
        ConfigError: if the method needs the video and there is none, or the other way round.
        PosesError: if the file cannot be read, or its frames are out of order.
        VideoError: if the video cannot be read, or is not that of the poses.
    """
    if video is not None and not config.needs_video:
        raise ConfigError(
            f"track.method {config.method!r} does not look at pixels, got the video {video}; leave it out"
        )
    info = read_info(predictions)
    counted = config
    if config.max_tracks == "auto":
        counted = config.model_copy(update={"max_tracks": count_animals(iter_poses(predictions), config)})
    with open_images(video, info) as images:
        short = _short_tracks(predictions, counted, images)
        with write_poses_to(output, _tracked_info(info, config, counted)) as writer, show_progress("track") as advance:
            for poses in track_poses(iter_poses(predictions), counted, images):
                kept = np.array([None if name in short else name for name in poses.track], object).reshape(-1)
                writer.write(replace(poses, track=kept, tracking_score=_without(poses.tracking_score, kept)))
                advance(int(poses.frame_idx[-1]) + 1 if len(poses) else 0, info.frame_total)


def _short_tracks(predictions: str | Path, config: TrackConfig, images: Images | None) -> set[str]:
    """Return the tracks seen in fewer frames than `min_length`, by tracking once ahead."""
    if config.min_length == 1:
        return set()
    seen: Counter[str] = Counter()
    for poses in track_poses(iter_poses(predictions), config, images):
        seen.update(name for name in poses.track if name is not None)
    return {name for name, count in seen.items() if count < config.min_length}


def _without(scores: Array, track: Array) -> Array:
    untracked = np.array([name is None for name in track], bool)
    return np.where(untracked, np.float32(np.nan), scores)


def _tracked_info(info: PosesInfo, config: TrackConfig, counted: TrackConfig) -> PosesInfo:
    record = provenance("antpipe track", settings=config.model_dump(mode="json"))
    if counted != config:
        record["animals"] = counted.max_tracks
    return replace(info, provenance={**info.provenance, "tracking": record})
