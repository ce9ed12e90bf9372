from pathlib import Path

from antpipe.evaluation.project import project_accuracy
from antpipe.files import write_json
from antpipe.job import job

with job(snakemake):
    names = snakemake.params.videos
    videos = {Path(path).stem: Path(path) for path in snakemake.input.videos if path.endswith(".mp4")}
    tracks = {name: Path(path) for name, path in zip(names, snakemake.input.tracks, strict=True)}
    identities = {Path(path).stem: Path(path) for path in snakemake.input.identities}
    result = project_accuracy(snakemake.input.labels, snakemake.input.split, videos, tracks, identities)
    write_json(snakemake.output.accuracy, result)
