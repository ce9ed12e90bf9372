"""Poses files -> a file or data set in a format of the lab's choice."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from antpipe.errors import ConfigError, PosesError
from antpipe.export.registry import DRAWN_ON_VIDEO, EXPORTERS
from antpipe.export.source import Coordinates, PosesSource, open_source
from antpipe.export.tell import tell


def export_poses(paths: Sequence[Path], output: Path, *, format: str, coordinates: Coordinates = "raw") -> None:
    """Write poses files in another format; `output` appears whole or not at all.

    Memory is that of a row group or a block of frames. Videos come in the order of their paths. What could not be
    kept or led back to the raw video is counted and told on standard error.

    Args:
        paths: poses files, each about another video.
        output: the file to write; a folder for `parquet_long`.
        format: a key of `EXPORTERS`; hyphens count as underscores.
        coordinates: of which video pixels, path, size, frame numbers and times are: `raw` of the raw video, as far as
            `way_back` knows it; `video` of the video that was examined. `slp` is always the latter, because SLEAP
            draws the points on it.

    Raises:
        ConfigError: for an unknown format or coordinates, no poses file at all, or an output that is a folder.
        PosesError: for a poses file that cannot be read, or that the format cannot hold.
    """
    format = format.replace("-", "_")
    exporter = EXPORTERS[format]
    if coordinates not in get_args(Coordinates):
        raise ConfigError(f"unknown coordinates {coordinates!r}; choose one of {list(get_args(Coordinates))}")
    if not paths:
        raise ConfigError("nothing to export: name at least one poses file")
    shown: Coordinates = "video" if format in DRAWN_ON_VIDEO else coordinates
    sources = sorted((open_source(Path(p), shown) for p in paths), key=lambda s: s.info.video.path)
    _refuse_same_video(sources)
    for source in sources:
        if source.shortfall:
            tell(source.path, source.shortfall)
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
