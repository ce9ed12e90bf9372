from pathlib import Path

from antpipe.export.export import export_poses
from antpipe.job import job

with job(snakemake.log[0]):
    tracks = [Path(path) for path in snakemake.input.tracks] if "long" in snakemake.rule else [Path(snakemake.input.tracks)]
    export_poses(
        tracks,
        Path(snakemake.output[0]),
        format=snakemake.params.format,
        coordinates=snakemake.params.coordinates,
    )
