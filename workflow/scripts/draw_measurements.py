from antpipe.config.measurements import CompareConfig
from antpipe.job import job
from antpipe.report.measurements import draw_measurements

with job(snakemake):
    config = CompareConfig(**snakemake.params.settings)
    draw_measurements(snakemake.input.joined, snakemake.output.figure, snakemake.output.correlations, config)
