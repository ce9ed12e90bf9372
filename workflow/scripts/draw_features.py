from antpipe.job import job
from antpipe.report.traces import plot_traces

with job(snakemake):
    plot_traces(snakemake.input.features, snakemake.output.traces, seconds=snakemake.params.seconds)
