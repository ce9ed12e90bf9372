from antpipe.inference.chunks import join_poses
from antpipe.job import job

with job(snakemake.log[0]):
    join_poses(snakemake.input.parts, snakemake.output.poses)
