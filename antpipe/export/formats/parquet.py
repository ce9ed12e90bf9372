"""The wide table: one row per instance, as antpipe writes it."""

from collections.abc import Sequence
from pathlib import Path

from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, only_source
from antpipe.poses_file import write_poses_to


@EXPORTERS.register("parquet")
def export_parquet(sources: Sequence[PosesSource], output: Path) -> None:
    """Write one video as one Parquet file, with antpipe's metadata."""
    source = only_source(sources, "parquet", "use parquet_long for several")
    with write_poses_to(output, source.info) as writer:
        for poses in source:
            writer.write(poses)
