from antpipe.config.inference import PredictConfig
from antpipe.evaluation.select import selected_folders
from antpipe.job import job

with job(snakemake, network="predict"):
    from antpipe.inference.predict import predict_video

    config = PredictConfig(**snakemake.params.settings)
    folders = selected_folders(snakemake.input.selected)
    models, part = list(folders.values()), tuple(snakemake.params.part)
    predict_video(snakemake.input.video, models, snakemake.output.poses, config, part=part)
