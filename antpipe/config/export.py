"""Settings of the export: which files the lab gets."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from antpipe.config.base import Section
from antpipe.registry import Registry

# The names alone: listing a registry reads file names and imports no exporter.
_FORMATS: Registry[object] = Registry("export format", "antpipe.export.formats")


def _known(name: str) -> str:
    if name not in list(_FORMATS):
        raise ValueError(f"unknown export format {name!r}; choose one of {list(_FORMATS)}")
    return name


class ExportConfig(Section):
    """Which files are made of the tracked poses of each video."""

    formats: tuple[Annotated[str, AfterValidator(_known)], ...] = ("parquet", "csv", "slp")
    """`parquet`: one row per animal and frame. `parquet_long`: one row per body part, as a data set over videos.
    `csv`: the same long table as text. `slp`: for SLEAP. `analysis_h5`: SLEAP's arrays by track, for MATLAB and
    `movement`. `nwb`: Neurodata Without Borders with ndx-pose, one `PoseEstimation` per track. `coco`: COCO keypoints.
    `mot`: boxes as MOTChallenge text. What a format cannot keep is counted in the log."""
    coordinates: Literal["raw", "video"] = "raw"
    """`raw`: pixels, path, size, frame numbers and times are those of the raw video. `video`: those of the preprocessed
    video. `slp` is always the latter, because SLEAP draws the points on that video. Where `preprocess.fps` changed the
    frame rate, frames have no number in the raw video: path, frame numbers and times are then those of the preprocessed
    video, and the log says so."""
