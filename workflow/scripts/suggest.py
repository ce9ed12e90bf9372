from pathlib import Path

from antpipe.config.suggest import SuggestConfig
from antpipe.job import job
from antpipe.labels.suggest import suggest_file

with job(snakemake):
    config = SuggestConfig(**snakemake.params.settings)
    output = Path(snakemake.output.table).with_suffix(".slp")
    suggest_file([Path(path) for path in snakemake.input.tracks], output, config, labels=Path(snakemake.input.labels))
