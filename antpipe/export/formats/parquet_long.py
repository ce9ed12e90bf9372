"""The lab's long table as a Hive-partitioned Parquet data set over videos."""

import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from antpipe.errors import PosesError
from antpipe.export.long_table import LONG_SCHEMA, long_table
from antpipe.export.registry import EXPORTERS
from antpipe.export.source import PosesSource, video_names
from antpipe.files import atomic_directory

METADATA_KEY = b"antpipe_long"
_ESCAPED = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")


@EXPORTERS.register("parquet_long")
def export_parquet_long(sources: Sequence[PosesSource], output: Path) -> None:
    """Write each video as `output/video=<name>/part-0.parquet`, where the name is that of the video file.

    What was examined (frames, skeleton, provenance) is in each part's metadata under `antpipe_long`, as in poses files.

    Raises:
        PosesError: if two videos have the same name, or `output` is there and is not such a data set.
    """
    names = video_names(sources, "video={}")
    output = output.resolve()
    _refuse_other_content(output)
    with atomic_directory(output) as temporary:
        for name, source in zip(names, sources, strict=True):
            folder = temporary / f"video={escape_hive(name)}"
            folder.mkdir()
            _write_part(folder / "part-0.parquet", source)


def escape_hive(name: str) -> str:
    """Return a name as Hive writes it into a folder's name: special characters as % and two hexadecimal digits."""
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", name)


def _write_part(path: Path, source: PosesSource) -> None:
    schema = LONG_SCHEMA.with_metadata({METADATA_KEY: source.info.to_json().encode()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for poses in source:
            if len(poses):
                writer.write_table(long_table(poses).replace_schema_metadata(schema.metadata))


def _refuse_other_content(output: Path) -> None:
    # The data set replaces what is there, which must not be somebody's home.
    if output.is_file():
        raise PosesError(f"{output}: expected a folder for the data set, but it is a file; choose another output")
    if output.is_dir() and not all(entry.name.startswith("video=") for entry in output.iterdir()):
        raise PosesError(f"{output}: expected a new folder or an earlier data set, but it holds other files")
