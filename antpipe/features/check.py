"""What a configuration asks of features and measurements, checked before any work starts."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from antpipe.config.by_video import fitting_none
from antpipe.config.project import SIMULATED, Config
from antpipe.errors import ConfigError, shown

if TYPE_CHECKING:
    from antpipe.poses import Skeleton

FORBIDDEN = "{}\n"
"""Characters that Snakemake's file patterns cannot hold."""


def find_measurements(config: Config, videos: Mapping[str, str]) -> dict[str, str]:
    """Return the file of measurements of each video that has one.

    Raises:
        ConfigError: if a file is missing, or a name or pattern fits none of the videos.
    """
    settings = config.measurements
    for key, values in (
        ("measurements.files", settings.files),
        ("measurements.sync", settings.sync),
        ("measurements.tracks", settings.tracks),
        ("features.pixels_per_mm", config.features.pixels_per_mm),
    ):
        unfit = fitting_none(values, videos)
        if unfit:
            raise ConfigError(f"{key}: {unfit[0]!r} fits none of the videos {sorted(videos)}")
    files = {video: path for video in videos for path in settings.of_video(video).files.values()}
    for video, path in files.items():
        if not os.path.isfile(path):
            raise ConfigError(f"measurements.files: {shown(path)} is not there, for video {video!r}; check the path")
        if any(c in path for c in FORBIDDEN):
            raise ConfigError(f"measurements.files: {path!r} has a character that file patterns cannot hold; rename it")
    return files


def check_measurements(config: Config, files: Mapping[str, str]) -> None:
    """Refuse files of measurements without the columns that are wanted.

    Raises:
        MeasurementError: as `find_header`.
    """
    from antpipe.features.sensor import wanted_columns
    from antpipe.features.sensor_header import find_header

    for path in dict.fromkeys(files.values()):
        find_header(path, wanted_columns(config.measurements))


def check_features(config: Config, labels: list[str]) -> None:
    """Refuse features of nodes that the skeleton lacks, where it is known: simulated, or in SLEAP's label files.

    Raises:
        ConfigError: that names the key and the node.
    """
    from antpipe.features.plan import plan_features

    skeleton = _skeleton(config, labels)
    if skeleton is not None:
        plan_features(config.features, skeleton)


def _skeleton(config: Config, labels: list[str]) -> "Skeleton | None":
    if config.labels == SIMULATED:
        from antpipe.synthetic.skeleton import ANT_SKELETON

        return ANT_SKELETON
    if config.merge.map_nodes:
        # Renamed nodes are known only after merging.
        return None
    from antpipe.labels.glance import glance
    from antpipe.poses import Skeleton

    seen = [glance(path) for path in labels]
    nodes = {node: None for file in seen if file is not None for node in file.nodes}
    return None if None in seen else Skeleton(nodes=tuple(nodes))
