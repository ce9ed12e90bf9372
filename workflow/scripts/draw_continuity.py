from antpipe.job import job
from antpipe.report.continuity_figure import draw_continuity

with job(snakemake):
    draw_continuity(
        snakemake.input.video,
        snakemake.input.tracks,
        snakemake.input.events,
        figure=snakemake.output.figure,
        per_track=snakemake.output.per_track,
        to_check=snakemake.output.to_check,
    )
