from pathlib import Path

from antpipe.export.export import export_poses
from antpipe.job import job

with job(snakemake):
    poses, coordinates = [Path(snakemake.input.poses)], snakemake.params.coordinates
    for format, output in zip(snakemake.params.formats, snakemake.output, strict=True):
        export_poses(poses, Path(output), format=format, coordinates=coordinates)
