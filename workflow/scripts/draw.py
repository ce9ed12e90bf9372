from antpipe.config.features import FeaturesConfig
from antpipe.config.report import ReportConfig
from antpipe.job import job
from antpipe.report.pictures import draw_pictures

with job(snakemake):
    draw_pictures(
        snakemake.input.video,
        snakemake.input.tracks,
        snakemake.input.events,
        snakemake.input.get("features") or None,
        ReportConfig(**snakemake.params.settings),
        FeaturesConfig(**snakemake.params.features),
        **dict(snakemake.output.items()),
    )
