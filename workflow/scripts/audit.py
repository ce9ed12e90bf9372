from pathlib import Path

from antpipe.job import job
from antpipe.report.audit import audit_file

with job(snakemake):
    videos = {name: Path(path) for name, path in snakemake.params.videos.items()}
    audit_file(snakemake.input.labels, snakemake.output.audit, videos=videos)
