from antpipe.config.measurements import MeasurementsConfig
from antpipe.features.join import join_file
from antpipe.job import job

with job(snakemake):
    config = MeasurementsConfig(**snakemake.params.settings)
    join_file(
        snakemake.input.features,
        snakemake.input.measurements,
        snakemake.output.joined,
        config,
        video=snakemake.input.sidecar,
    )
