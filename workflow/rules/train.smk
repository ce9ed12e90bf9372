"""
Train one network per model type; a run that is killed goes on from its last epoch.

REQUIRED INPUTS:  labels/merged.slp, labels/split.json, the preprocessed videos
OUTPUTS:          models/{experiment}/{model_type}/: model, weights, log, metrics, pictures
"""


rule train:
    """Training each network."""
    input:
        labels=rules.merge.output.labels,
        split=rules.split.output.split,
        videos=videos_and_sidecars(),
    output:
        model=f"{MODELS}/{{model_type}}/model.json",
        weights=f"{MODELS}/{{model_type}}/best.weights.h5",
        run=f"{MODELS}/{{model_type}}/run.json",
        log=f"{MODELS}/{{model_type}}/training_log.csv",
        metrics=expand(
            f"{MODELS}/{{{{model_type}}}}/metrics.{{part}}.json",
            part=["train", "val", "test"],
        ),
        examples=f"{MODELS}/{{model_type}}/examples.npz",
    log:
        f"{RESULTS}/logs/train/{CONFIG.experiment}.{{model_type}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{CONFIG.experiment}.{{model_type}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 8
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=720,
    params:
        settings=lambda wildcards: settings(
            getattr(CONFIG.models, wildcards.model_type)
        ),
        seed=CONFIG.seed,
        videos={video: f"{RESULTS}/videos/{video}.mp4" for video in VIDEOS},
        code=code_version("antpipe.training.run"),
    message:
        "Training the {wildcards.model_type} network"
    script:
        "../scripts/train.py"


rule draw_model:
    """Drawing learning curves and examples of each network."""
    input:
        rules.train.output,
    output:
        curves=report(
            f"{MODELS}/{{model_type}}/learning_curves.png",
            category="Models",
            subcategory="{model_type}",
            labels={"picture": "learning curves"},
            caption="../report/learning_curves.rst",
        ),
        examples=report(
            f"{MODELS}/{{model_type}}/examples.png",
            category="Models",
            subcategory="{model_type}",
            labels={"picture": "examples"},
            caption="../report/examples.rst",
        ),
    log:
        f"{RESULTS}/logs/draw_model/{CONFIG.experiment}.{{model_type}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/draw_model/{CONFIG.experiment}.{{model_type}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folder=lambda wildcards: f"{MODELS}/{wildcards.model_type}",
        code=code_version("antpipe.report.model"),
    message:
        "Drawing the {wildcards.model_type} network's learning curves"
    script:
        "../scripts/draw_model.py"
