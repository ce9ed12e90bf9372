from pathlib import Path

from antpipe.export.export import export_poses
from antpipe.job import job

with job(snakemake):
    export_poses(
        [Path(path) for path in snakemake.input.tracks],
        Path(snakemake.output[0]),
        format="parquet_long",
        coordinates=snakemake.params.coordinates,
    )
