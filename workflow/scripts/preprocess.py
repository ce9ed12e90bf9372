from antpipe.config.preprocess import PreprocessConfig
from antpipe.job import job
from antpipe.progress import show_progress
from antpipe.video.transcode import preprocess

with job(snakemake), show_progress("preprocess") as advance:
    config = PreprocessConfig(**snakemake.params.settings)
    preprocess(snakemake.input.video, snakemake.output.video, config, on_progress=advance, threads=snakemake.threads)
