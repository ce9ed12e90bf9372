from antpipe.job import job
from antpipe.report.model import draw_run

with job(snakemake.log[0]):
    draw_run(snakemake.params.folder)
