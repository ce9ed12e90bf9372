from antpipe.evaluation.select import selected_folders
from antpipe.job import job
from antpipe.report.summary import summarise_project

with job(snakemake.log[0]):
    summarise_project(
        snakemake.output.page,
        title=snakemake.params.title,
        tracks=dict(zip(snakemake.params.videos, snakemake.input.tracks, strict=True)),
        stills=dict(zip(snakemake.params.videos, snakemake.input.stills[0::2], strict=True)),
        timelines=dict(zip(snakemake.params.videos, snakemake.input.stills[1::2], strict=True)),
        folders=list(selected_folders(snakemake.input.selected).values()),
        accuracy=snakemake.input.accuracy,
    )
