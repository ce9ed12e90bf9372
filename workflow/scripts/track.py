from antpipe.config.stitching import StitchConfig
from antpipe.config.tracking import TrackConfig
from antpipe.job import job
from antpipe.tracking.stitch import stitch_file
from antpipe.tracking.track import track_file

with job(snakemake):
    video = snakemake.input.get("video") or None
    link, linked = TrackConfig(**snakemake.params.link), snakemake.output.linked
    track_file(snakemake.input.poses, linked, link, video if link.needs_video else None)
    stitch_file(
        linked,
        snakemake.output.tracks,
        snakemake.output.events,
        StitchConfig(**snakemake.params.stitch),
        animals=link.max_tracks if isinstance(link.max_tracks, int) else None,
        video=video,
    )
