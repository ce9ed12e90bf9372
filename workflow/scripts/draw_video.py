from antpipe.config.report import ReportConfig
from antpipe.job import job
from antpipe.report.video import draw_video

with job(snakemake):
    draw_video(
        snakemake.input.video, snakemake.input.tracks, ReportConfig(**snakemake.params.settings), **snakemake.output
    )
