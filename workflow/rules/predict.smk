"""
Find the animals and their nodes in every frame of each video, in one job or in several that share its frames.

REQUIRED INPUTS:  videos/{video}.mp4, models/selected.json
OUTPUTS:          predictions/{video}.parquet
"""

PARTS = CONFIG.predict.parts


rule predict:
    """Predicting the poses of each video, or of a part of it."""
    input:
        video=rules.preprocess.output.video,
        sidecar=rules.preprocess.output.sidecar,
        selected=rules.select.output.selected,
    output:
        poses=(
            f"{RESULTS}/predictions/{{video}}.parquet"
            if PARTS == 1
            else temp(f"{RESULTS}/predictions/parts/{{video}}/{{part}}.parquet")
        ),
    log:
        (
            f"{RESULTS}/logs/predict/{{video}}.log"
            if PARTS == 1
            else f"{RESULTS}/logs/predict/{{video}}.part_{{part}}.log"
        ),
    benchmark:
        (
            f"{RESULTS}/benchmarks/predict/{{video}}.jsonl"
            if PARTS == 1
            else f"{RESULTS}/benchmarks/predict/{{video}}.part_{{part}}.jsonl"
        )
    wildcard_constraints:
        part=r"\d+",
    conda:
        ENVIRONMENT
    threads: 8
    resources:
        gpu=1,
        # Each core has a frame and eight crops in the works.
        mem_mb=growing(8000),
        runtime=growing(120, per_gb=600 / PARTS),
    params:
        settings=settings(CONFIG.predict),
        part=lambda wildcards: (int(wildcards.get("part", 0)), PARTS),
        code=code_version("antpipe.inference.predict"),
    message:
        "Predicting the poses in {wildcards.video}"
    script:
        "../scripts/predict.py"


if PARTS > 1:

    rule join_parts:
        """Making one table of the parts of each video."""
        input:
            parts=expand(
                f"{RESULTS}/predictions/parts/{{{{video}}}}/{{part}}.parquet",
                part=range(PARTS),
            ),
        output:
            poses=f"{RESULTS}/predictions/{{video}}.parquet",
        log:
            f"{RESULTS}/logs/join_parts/{{video}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/join_parts/{{video}}.jsonl"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(60, per_gb=60),
        params:
            code=code_version("antpipe.inference.chunks"),
        message:
            "Joining the parts of {wildcards.video}"
        script:
            "../scripts/join_parts.py"
