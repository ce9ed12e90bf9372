from pathlib import Path

from antpipe.evaluation.select import write_selection
from antpipe.job import job

with job(snakemake):
    output = Path(snakemake.output.selected)
    write_selection(
        output.parent,
        output,
        measures=snakemake.params.measures,
        part=snakemake.params.part,
        only=snakemake.params.only,
    )
