from pathlib import Path

from antpipe.job import job
from antpipe.report.compare import compare_runs

with job(snakemake):
    folder = Path(snakemake.output.comparison)
    compare_runs(folder.parent, folder)
