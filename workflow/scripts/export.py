from pathlib import Path

from antpipe.export.export import export_poses
from antpipe.job import job

with job(snakemake):
    for format, output in zip(snakemake.params.formats, snakemake.output, strict=True):
        poses = snakemake.input.features if format == "parquet" else snakemake.input.poses
        export_poses([Path(poses)], Path(output), format=format, coordinates=snakemake.params.coordinates)
