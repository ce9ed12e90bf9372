"""Both looks at a film in one go: tracks frame by frame, and then the tracks as a whole."""

from pathlib import Path

from antpipe.config.stitching import StitchConfig
from antpipe.config.tracking import TrackConfig
from antpipe.errors import ConfigError
from antpipe.files import scratch_directory
from antpipe.poses_file import iter_poses
from antpipe.tracking.count import count_animals
from antpipe.tracking.events import write_events
from antpipe.tracking.stitch import stitch_file
from antpipe.tracking.track import track_file


def track_and_stitch(
    predictions: str | Path,
    output: str | Path,
    events: str | Path,
    tracking: TrackConfig,
    stitching: StitchConfig,
    video: str | Path | None = None,
) -> None:
    """Link the instances of a poses file into tracks, join and mend them, and write what was done as a table.

    Where there is no second look (`stitching.enabled`), the table is empty.

    The settings that are about whole tracks count at the end: the first look breaks off many tracks that the second one
    joins. So with method `motion` the limit on tracks (`max_tracks`) is kept by the second look alone, which gets more
    of them right, and tracks shorter than `min_length` of either section lose their name only after that.

    Args:
        predictions: poses file.
        output: poses file to be written.
        events: table to be written, with tabs.
        tracking: how instances are linked.
        stitching: how tracks are joined and mended.
        video: the video that the coordinates refer to, where a setting needs it; it is not read otherwise.

    Raises:
        ConfigError: if a setting needs the video and there is none.
        PosesError: if the file cannot be read, or its frames are out of order.
        VideoError: if the video cannot be read, or is not that of the poses.
    """
    if not stitching.follows(tracking.method):
        track_file(predictions, output, tracking, video)
        write_events(events, [])
        return
    if video is None and stitching.appearance:
        raise ConfigError(f"{predictions}: stitch.appearance needs the video, got none; give it or turn appearance off")
    animals = tracking.max_tracks
    if animals == "auto":
        animals = count_animals(iter_poses(predictions), tracking)
    limit = None if tracking.method == "motion" else animals
    first = tracking.model_copy(update={"max_tracks": limit, "min_length": 1})
    second = stitching.model_copy(update={"min_length": max(stitching.min_length, tracking.min_length)})
    with scratch_directory(output) as folder:
        linked = folder / "linked.parquet"
        track_file(predictions, linked, first, video if tracking.needs_video else None)
        stitch_file(linked, output, events, second, animals=animals, video=video)
