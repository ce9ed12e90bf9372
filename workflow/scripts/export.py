from pathlib import Path

from antpipe.export.export import export_poses
from antpipe.job import job

with job(snakemake.log[0]):
    export_poses(
        [Path(path) for path in snakemake.input],
        Path(snakemake.output[0]),
        format=snakemake.params.format,
        coordinates=snakemake.params.coordinates,
    )
