from pathlib import Path

from antpipe.job import job
from antpipe.records.describe import describe

with job(snakemake):
    describe(Path(snakemake.output.crate).parent, snakemake.params.title, snakemake.output.costs)
