"""The second look at tracks: broken ones are joined, and those that changed animals at a crossing are mended."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from antpipe.config.stitching import StitchConfig
from antpipe.errors import ConfigError, PosesError
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo
from antpipe.poses_file import iter_poses, read_info, write_poses_to
from antpipe.progress import show_progress
from antpipe.provenance import provenance
from antpipe.tracking.events import Event, write_events
from antpipe.tracking.stitch_chains import chain_tracklets
from antpipe.tracking.stitch_events import chain_events
from antpipe.tracking.stitch_names import name_chains
from antpipe.tracking.stitch_pixels import pixel_measure
from antpipe.tracking.stitch_rows import number_tracks
from antpipe.tracking.stitch_survey import Source, Survey, survey
from antpipe.tracking.tracklets import Cuts, make_cuts
from antpipe.video.read import VideoReader


@dataclass(frozen=True, kw_only=True)
class Stitching:
    """What becomes of the tracks of a film."""

    numbers: dict[str, int]
    """Of the tracks before, by name."""
    cuts: Cuts
    names: Array
    """(slots,) the name of each slot of `cuts`, None for none."""
    events: list[Event]

    def rename(self, poses: Poses) -> Poses:
        """Return a table with the new tracks; an instance that lost its track stays, without a tracking score."""
        number = number_tracks(poses, self.numbers)
        track = np.full(len(poses), None, object)
        known = number >= 0
        track[known] = self.names[self.cuts.slots(number[known], poses.frame_idx[known].astype(np.int64))]
        untracked = np.array([name is None for name in track], bool)
        return replace(poses, track=track, tracking_score=np.where(untracked, np.float32(np.nan), poses.tracking_score))


def plan_stitching(
    source: Source,
    info: PosesInfo,
    config: StitchConfig,
    *,
    animals: int | None = None,
    video: str | Path | None = None,
) -> Stitching:
    """Return what becomes of the tracks of a film.

    Args:
        source: returns the tables of the film, as often as it is called.
        info: what they are about.
        config: the settings.
        animals: their number, where it is known and constant.
        video: the film, where animals are to be compared by their pixels too.

    Raises:
        PosesError: if the video is not the one that the poses are about.
        VideoError: if it cannot be read.
    """
    named = tuple(info.provenance.get("prediction", {}).get("classes", ()))
    found = survey(source, config, named)
    if found.motion is None:
        return _as_they_are(found)
    with contextlib.ExitStack() as stack:
        pixels = None
        if video is not None:
            reader = stack.enter_context(VideoReader(video, channels=3))
            _check_size(reader, info)
            pixels = pixel_measure(reader, info.skeleton, found.motion.size)
        made = chain_tracklets(source, info, found, config, named, pixels, animals)
    is_named = np.array([name in named for name in found.numbers], bool)
    first, names = name_chains(made, list(found.numbers), min_length=config.min_length, named=is_named)
    by_first = np.full(len(made.chain) + 1, None, object)
    by_first[first] = names
    of_tracklet = by_first[np.append(made.chain, len(made.chain))]
    return Stitching(
        numbers=found.numbers,
        cuts=made.cuts,
        names=of_tracklet[made.tracklet],
        events=chain_events(made, first, names),
    )


def stitch_poses(parts: Iterable[Poses], stitching: Stitching) -> Iterator[Poses]:
    """Yield the tables of a film with their new tracks."""
    for poses in parts:
        yield stitching.rename(poses)


def stitch_file(
    tracks: str | Path,
    output: str | Path,
    events: str | Path,
    config: StitchConfig,
    *,
    animals: int | None = None,
    video: str | Path | None = None,
) -> None:
    """Join and mend the tracks of a poses file, and write what was done as a table of events.

    Memory is that of one row group and less than a kilobyte for each moment of doubt. Arguments and errors as in
    `plan_stitching`; `video` is needed if `config.appearance` is set, and not read otherwise.

    Raises:
        ConfigError: if `config.appearance` is set and there is no video.
    """
    info = read_info(tracks)
    if config.appearance and video is None:
        raise ConfigError(f"{tracks}: stitch.appearance needs the video, got none; give it or turn appearance off")
    seen = video if config.appearance else None
    stitching = plan_stitching(partial(iter_poses, tracks), info, config, animals=animals, video=seen)
    record = provenance("antpipe stitch", settings=config.model_dump(mode="json"))
    with (
        write_poses_to(output, replace(info, provenance={**info.provenance, "stitching": record})) as writer,
        show_progress("stitch") as advance,
    ):
        for poses in stitch_poses(iter_poses(tracks), stitching):
            writer.write(poses)
            advance(int(poses.frame_idx[-1]) + 1 if len(poses) else 0, info.frame_total)
    write_events(events, stitching.events)


def _check_size(reader: VideoReader, info: PosesInfo) -> None:
    size, expected = (reader.width, reader.height), (info.video.width, info.video.height)
    if size != expected:
        raise PosesError(
            f"{reader.path}: expected the video that the poses are about, of {expected[0]}x{expected[1]} pixels, got "
            f"{size[0]}x{size[1]}"
        )


def _as_they_are(found: Survey) -> Stitching:
    """Return a plan that changes nothing but ghosts."""
    names = np.array(list(found.numbers), object)
    names[found.ghosts] = None
    none = np.zeros(0, np.int64)
    return Stitching(numbers=found.numbers, cuts=make_cuts(none, none), names=names, events=[])
