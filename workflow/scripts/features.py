from antpipe.config.features import FeaturesConfig
from antpipe.features.measure import measure_file
from antpipe.job import job

with job(snakemake):
    measure_file(snakemake.input.tracks, snakemake.output.features, FeaturesConfig(**snakemake.params.settings))
