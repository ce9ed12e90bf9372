from antpipe.config.features import FeaturesConfig
from antpipe.config.report import ReportConfig
from antpipe.job import job
from antpipe.report.continuity_figure import draw_continuity
from antpipe.report.traces import plot_traces
from antpipe.report.trajectories_draw import draw_trajectories
from antpipe.report.video import draw_video

with job(snakemake):
    video, tracks, output = snakemake.input.video, snakemake.input.tracks, snakemake.output
    config = ReportConfig(**snakemake.params.settings)
    draw_video(video, tracks, config, overlay=output.overlay, still=output.still, timeline=output.timeline)
    draw_continuity(
        video,
        tracks,
        snakemake.input.events,
        figure=output.continuity,
        per_track=output.per_track,
        to_check=output.to_check,
    )
    features = FeaturesConfig(**snakemake.params.features)
    draw_trajectories(video, tracks, features, trajectories=output.trajectories, occupancy=output.occupancy)
    if "traces" in output.keys():  # noqa: SIM118, an output of Snakemake is a list with names
        plot_traces(snakemake.input.features, output.traces, seconds=config.overlay_seconds)
