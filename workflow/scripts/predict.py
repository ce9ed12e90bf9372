from antpipe.config.inference import PredictConfig
from antpipe.evaluation.select import selected_folders
from antpipe.job import job

with job(snakemake.log[0], network=True):
    from antpipe.inference.predict import predict_video

    config = PredictConfig(**snakemake.params.settings)
    folders = selected_folders(snakemake.input.selected)
    predict_video(snakemake.input.video, list(folders.values()), snakemake.output.poses, config)
