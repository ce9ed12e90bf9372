from pathlib import Path

from antpipe.config.model import ModelConfig
from antpipe.job import job

with job(snakemake, network="train"):
    from antpipe.training.run import train_run

    train_run(
        snakemake.input.labels,
        Path(snakemake.output.model).parent,
        config=ModelConfig(**snakemake.params.settings),
        model_type=snakemake.wildcards.model_type,
        videos={name: Path(path) for name, path in snakemake.params.videos.items()},
        split=snakemake.input.split,
        fold=snakemake.params.fold,
        seed=snakemake.params.seed,
    )
