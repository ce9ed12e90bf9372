from pathlib import Path

from antpipe.job import job
from antpipe.records.crate import write_crate

with job(snakemake):
    write_crate(Path(snakemake.output.crate).parent, snakemake.params.title)
