"""The files that a configuration names, found and checked before any work starts."""

import os
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from antpipe.config.project import SIMULATED, Config
from antpipe.errors import ConfigError, shown
from antpipe.video.names import unique_names

FORBIDDEN = "{}\n"
"""Characters that Snakemake's file patterns cannot hold."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Raw videos by name, and label files."""

    videos: dict[str, str]
    labels: list[str]


def find_inputs(config: Config) -> Inputs:
    """Return the raw videos by name and the label files that a configuration names.

    Simulated files need not exist yet: a rule draws them.

    Raises:
        ConfigError: if a file is missing, a pattern matches nothing, or two videos have one name.
    """
    folder = Path(config.results) / "simulated"
    if config.videos == SIMULATED:
        # The simulator's names, without importing it: this runs for every job.
        names = [f"ants_{index + 1:03}" for index in range(config.simulate.videos)]
        videos = {name: (folder / f"{name}.mp4").as_posix() for name in names}
    else:
        videos = unique_names(_find("videos", config.videos))
    labels = [(folder / "labels.slp").as_posix()] if config.labels == SIMULATED else _find("labels", config.labels)
    if config.labels == SIMULATED and config.videos != SIMULATED:
        raise ConfigError("labels: 'simulated' belongs to simulated videos; name the label files of your videos")
    return Inputs(videos=videos, labels=labels)


def find_labelled(config: Config, inputs: Inputs) -> dict[str, str]:
    """Return the raw videos that the label files are about: training sees these, and no change of the others.

    Raises:
        LabelError: if a file is a broken SLEAP file.
    """
    if config.labels == SIMULATED:
        return inputs.videos
    from antpipe.labels.glance import labelled_videos

    return labelled_videos(inputs.labels, inputs.videos, config.merge)


def check_inputs(config: Config, inputs: Inputs) -> None:
    """Look into the label files for what would stop the work later; simulated ones are right by themselves.

    Raises:
        LabelError, ConfigError: as `check_labels`.
    """
    if config.labels == SIMULATED:
        return
    from antpipe.labels.glance import check_labels

    heads = [model.head for model in config.models.chosen.values()]
    nodes = {name for head in heads for name in (head.anchor_part, *(head.part_names or ())) if name is not None}
    # Renamed nodes are known only after merging, which checks them.
    check_labels(inputs.labels, inputs.videos, () if config.merge.map_nodes else nodes, config.merge)


def _find(key: str, patterns: list[str] | str) -> list[str]:
    found: list[str] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        if "\0" in pattern:
            raise ConfigError(f"{key}: no file has a name such as {shown(pattern)}; check the path")
        if pattern and os.path.isdir(pattern):
            example = (Path(pattern) / "*").as_posix()
            raise ConfigError(f"{key}: {pattern!r} is a folder; name the files in it, such as {example!r}")
        # A name with brackets is a file before it is a pattern.
        names = [pattern] if os.path.isfile(pattern) else sorted(glob(pattern, recursive=True))
        matches = [name for name in names if os.path.isfile(name)]
        if not matches:
            raise ConfigError(f"{key}: no file matches {shown(pattern)} (looked in {Path.cwd()}); check the path")
        found += [match for match in matches if match not in found]
    bad = [path for path in found if any(c in path for c in FORBIDDEN)]
    if bad:
        raise ConfigError(f"{key}: {bad[0]!r} has a character that file patterns cannot hold; rename it without {{}}")
    if not found:
        raise ConfigError(f"{key}: expected at least one file, got an empty list")
    return found
