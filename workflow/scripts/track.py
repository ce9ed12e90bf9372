from antpipe.config.tracking import TrackConfig
from antpipe.job import job
from antpipe.tracking.track import track_file

with job(snakemake.log[0]):
    track_file(snakemake.input.poses, snakemake.output.tracks, TrackConfig(**snakemake.params.settings))
