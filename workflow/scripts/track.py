from antpipe.config.stitching import StitchConfig
from antpipe.job import job
from antpipe.tracking.stitch import stitch_file

with job(snakemake):
    stitch_file(
        snakemake.input.linked,
        snakemake.output.tracks,
        snakemake.output.events,
        StitchConfig(**snakemake.params.settings),
        animals=snakemake.params.animals,
        video=snakemake.input.get("video") or None,
    )
