"""Poses files -> a file or data set in a format of the lab's choice."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from antpipe.errors import ConfigError, PosesError
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import Coordinates, PosesSource, open_source


def export_poses(paths: Sequence[Path], output: Path, *, format: str, coordinates: Coordinates = "raw") -> None:
    """Write poses files in another format; `output` appears whole or not at all.

    Memory is that of one row group per file, except for `analysis_h5`, which holds the poses of its one video. Videos
    come in the order of their paths.

    Args:
        paths: poses files, each about another video.
        output: the file to write; a folder for `parquet_long`.
        format: a key of `EXPORTERS`; hyphens count as underscores.
        coordinates: `raw` moves points to pixels of the raw video, `video` to pixels of the video that the file
            names. `slp` stays in pixels of the video, because SLEAP draws the points on it.

    Raises:
        ConfigError: for an unknown format or coordinates, no poses file at all, or an output that is a folder.
        PosesError: for a poses file that cannot be read, or that the format cannot hold.
    """
    exporter = EXPORTERS[format.replace("-", "_")]
    if coordinates not in get_args(Coordinates):
        raise ConfigError(f"unknown coordinates {coordinates!r}; choose one of {list(get_args(Coordinates))}")
    if not paths:
        raise ConfigError("nothing to export: name at least one poses file")
    sources = sorted((open_source(Path(p), coordinates) for p in paths), key=lambda s: s.info.video.path)
    _refuse_same_video(sources)
    try:
        exporter(sources, Path(output))
    except IsADirectoryError as error:
        raise ConfigError(f"{output}: expected a file name for {format}, but it is a folder") from error


def _refuse_same_video(sources: Sequence[PosesSource]) -> None:
    for before, after in itertools.pairwise(sources):
        if before.info.video.path == after.info.video.path:
            raise PosesError(
                f"{after.path}: expected each poses file to be about another video, but {before.path} is about "
                f"{after.info.video.path!r}, too; export them one by one"
            )
