from antpipe.job import job
from antpipe.report.model import draw_run

with job(snakemake):
    draw_run(snakemake.params.folder)
