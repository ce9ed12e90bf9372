"""
Link the instances of each video into tracks.

REQUIRED INPUTS:  predictions/{video}.parquet
OUTPUTS:          tracks/{video}.parquet
"""


rule track:
    """Linking the instances of each video into tracks."""
    input:
        poses=f"{RESULTS}/predictions/{{video}}.parquet",
    output:
        tracks=f"{RESULTS}/tracks/{{video}}.parquet",
    log:
        f"{RESULTS}/logs/track/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/track/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60, per_gb=240),
    params:
        settings=settings(CONFIG.track),
        code=code_version("antpipe.tracking.track"),
    message:
        "Linking the animals of {wildcards.video} into tracks"
    script:
        "../scripts/track.py"
