from antpipe.config.labels import MergeConfig
from antpipe.job import job
from antpipe.labels.project import merge_project

with job(snakemake):
    config = MergeConfig(**snakemake.params.settings)
    merge_project(
        snakemake.input.labels, snakemake.output.labels, snakemake.output.report, config, snakemake.params.videos
    )
