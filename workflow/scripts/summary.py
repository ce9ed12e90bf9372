from antpipe.evaluation.select import selected_folders
from antpipe.job import job
from antpipe.report.summary import summarise_project

with job(snakemake):
    videos, patterns = snakemake.params.videos, snakemake.params.pictures
    summarise_project(
        snakemake.output.page,
        title=snakemake.params.title,
        tracks=dict(zip(videos, snakemake.input.tracks, strict=True)),
        pictures={
            title: {video: pattern.replace("{video}", video) for video in videos} for title, pattern in patterns.items()
        },
        folders=list(selected_folders(snakemake.input.selected).values()),
        accuracy=snakemake.input.accuracy,
    )
