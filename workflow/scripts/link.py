from antpipe.config.tracking import TrackConfig
from antpipe.job import job
from antpipe.tracking.track import track_file

with job(snakemake):
    video = snakemake.input.get("video") or None
    track_file(snakemake.input.poses, snakemake.output.linked, TrackConfig(**snakemake.params.settings), video)
