"""
Find the animals and their nodes in every frame of each video.

REQUIRED INPUTS:  videos/{video}.mp4, models/selected.json
OUTPUTS:          predictions/{video}.parquet
"""


rule predict:
    """Predicting the poses of each video."""
    input:
        video=rules.preprocess.output.video,
        sidecar=rules.preprocess.output.sidecar,
        selected=rules.select.output.selected,
    output:
        poses=f"{RESULTS}/predictions/{{video}}.parquet",
    log:
        f"{RESULTS}/logs/predict/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/predict/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 8
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=1440,
    params:
        settings=settings(CONFIG.predict),
        code=code_version("antpipe.inference.predict"),
    message:
        "Predicting the poses in {wildcards.video}"
    script:
        "../scripts/predict.py"
