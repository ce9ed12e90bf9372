from antpipe.config.features import FeaturesConfig
from antpipe.job import job
from antpipe.report.trajectories_draw import draw_trajectories

with job(snakemake):
    draw_trajectories(
        snakemake.input.video, snakemake.input.tracks, FeaturesConfig(**snakemake.params.features), **snakemake.output
    )
