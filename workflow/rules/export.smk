"""
Write the tracked poses of each video for other programs.

REQUIRED INPUTS:  tracks/{video}.parquet
OUTPUTS:          export/{video}.{parquet,csv,slp,analysis.h5}, export/long/ (one data set over all videos)
"""


rule export:
    """Writing the tracks of each video for other programs."""
    input:
        tracks=rules.track.output.tracks,
    output:
        f"{RESULTS}/export/{{video}}.{{suffix}}",
    log:
        f"{RESULTS}/logs/export/{{video}}.{{suffix}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/export/{{video}}.{{suffix}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        format=lambda wildcards: FORMATS[wildcards.suffix],
        coordinates=CONFIG.export.coordinates,
        code=code_version("antpipe.export.export"),
    message:
        "Writing {wildcards.video}.{wildcards.suffix}"
    script:
        "../scripts/export.py"


rule export_long:
    """Writing the tracks of all videos as one data set."""
    input:
        tracks=expand(f"{RESULTS}/tracks/{{video}}.parquet", video=VIDEOS),
    output:
        directory(f"{RESULTS}/export/long"),
    log:
        f"{RESULTS}/logs/export_long.log",
    benchmark:
        f"{RESULTS}/benchmarks/export_long.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        format="parquet_long",
        coordinates=CONFIG.export.coordinates,
        code=code_version("antpipe.export.export"),
    message:
        "Writing all tracks as one data set"
    script:
        "../scripts/export.py"
