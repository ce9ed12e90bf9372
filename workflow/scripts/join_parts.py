from antpipe.inference.chunks import join_poses
from antpipe.job import job

with job(snakemake):
    join_poses(snakemake.input.parts, snakemake.output.poses)
