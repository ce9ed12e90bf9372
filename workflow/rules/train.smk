"""
Train the networks, one per run and model type, compare them, and select those that predict.

A run is the experiment, or one combination of the settings in `grid`, times the folds. A run that is killed goes on from
its last epoch.

REQUIRED INPUTS:  labels/merged.slp, labels/split.json, the preprocessed videos
OUTPUTS:          models/{run}/{model_type}/: model, weights, log, metrics, pictures
                  models/comparison/: tables, figures and a page; models/selected.json
"""


rule train:
    """Training each network."""
    input:
        labels=LABELS,
        split=SPLIT,
        videos=videos_and_sidecars(LABELLED),
        base=base_weights,
    output:
        model=f"{MODELS}/{{run}}/{{model_type}}/model.json",
        weights=f"{MODELS}/{{run}}/{{model_type}}/best.weights.h5",
        run=f"{MODELS}/{{run}}/{{model_type}}/run.json",
        log=f"{MODELS}/{{run}}/{{model_type}}/training_log.csv",
        metrics=expand(
            f"{MODELS}/{{{{run}}}}/{{{{model_type}}}}/metrics.{{part}}.json",
            part=["train", "val", "test"],
        ),
        examples=f"{MODELS}/{{run}}/{{model_type}}/examples.npz",
    log:
        f"{RESULTS}/logs/train/{{run}}.{{model_type}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{run}}.{{model_type}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 8
    resources:
        gpu=1,
        mem_mb=growing(8000),
        runtime=growing(720),
    params:
        settings=lambda wildcards: settings(
            RUNS[wildcards.run, wildcards.model_type].settings
        ),
        fold=lambda wildcards: RUNS[wildcards.run, wildcards.model_type].fold,
        seed=CONFIG.seed,
        videos={video: f"{RESULTS}/videos/{video}.mp4" for video in LABELLED},
        code=code_version("antpipe.training.run"),
    message:
        "Training the {wildcards.model_type} network of {wildcards.run}"
    script:
        "../scripts/train.py"


rule draw_model:
    """Drawing learning curves, examples and the receptive field of each network."""
    input:
        rules.train.output,
    output:
        curves=report(
            f"{MODELS}/{{run}}/{{model_type}}/learning_curves.png",
            category="Models",
            subcategory="{model_type}",
            labels={"run": "{run}", "picture": "learning curves"},
            caption="../report/learning_curves.rst",
        ),
        examples=report(
            f"{MODELS}/{{run}}/{{model_type}}/examples.png",
            category="Models",
            subcategory="{model_type}",
            labels={"run": "{run}", "picture": "examples"},
            caption="../report/examples.rst",
        ),
        field=report(
            f"{MODELS}/{{run}}/{{model_type}}/receptive_field.png",
            category="Models",
            subcategory="{model_type}",
            labels={"run": "{run}", "picture": "receptive field"},
            caption="../report/receptive_field.rst",
        ),
    log:
        f"{RESULTS}/logs/draw_model/{{run}}.{{model_type}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/draw_model/{{run}}.{{model_type}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folder=lambda wildcards: f"{MODELS}/{wildcards.run}/{wildcards.model_type}",
        code=code_version("antpipe.report.model"),
    message:
        "Drawing the learning curves of {wildcards.run}, {wildcards.model_type}"
    script:
        "../scripts/draw_model.py"


rule compare:
    """Comparing all runs."""
    input:
        of_all_runs("run.json", "model.json", "training_log.csv"),
        of_all_runs(*(f"metrics.{part}.json" for part in ["train", "val", "test"])),
        earlier_runs(),
    output:
        comparison=report(
            directory(f"{MODELS}/comparison"),
            htmlindex="comparison.html",
            category="Models",
            labels={"page": "comparison of all runs"},
            caption="../report/comparison.rst",
        ),
    log:
        f"{RESULTS}/logs/compare.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code_version("antpipe.report.compare"),
    message:
        "Comparing all runs"
    script:
        "../scripts/compare.py"


rule select:
    """Choosing the networks that predict."""
    input:
        weights=of_all_runs("best.weights.h5", "model.json", "run.json"),
        metrics=of_all_runs(
            *(f"metrics.{part}.json" for part in ["train", "val", "test"])
        ),
    output:
        selected=SELECTED,
    log:
        f"{RESULTS}/logs/select.log",
    benchmark:
        f"{RESULTS}/benchmarks/select.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        measures={
            model_type: (
                CONFIG.select.centroid
                if model_type == "centroid"
                else CONFIG.select.others
            )
            for model_type in MODEL_TYPES
        },
        part=CONFIG.select.part,
        only=[f"{run}/{model_type}" for run, model_type in RUNS],
        code=code_version("antpipe.evaluation.select"),
    message:
        "Choosing the networks that predict"
    script:
        "../scripts/select.py"
