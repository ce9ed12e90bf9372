from antpipe.config.stitching import StitchConfig
from antpipe.config.tracking import TrackConfig
from antpipe.job import job
from antpipe.tracking.stitch_track import track_and_stitch

with job(snakemake):
    track_and_stitch(
        snakemake.input.poses,
        snakemake.output.tracks,
        snakemake.output.events,
        TrackConfig(**snakemake.params.link),
        StitchConfig(**snakemake.params.stitch),
        snakemake.input.get("video") or None,
    )
