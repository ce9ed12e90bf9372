from antpipe.config.inference import PredictConfig
from antpipe.job import job

with job(snakemake.log[0], network=True):
    from antpipe.inference.predict import predict_video

    config = PredictConfig(**snakemake.params.settings)
    predict_video(snakemake.input.video, snakemake.params.folders, snakemake.output.poses, config)
