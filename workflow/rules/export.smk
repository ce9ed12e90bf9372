"""
Write the tracked poses of each video for other programs.

REQUIRED INPUTS:  tracks/{video}.parquet, for the Parquet table features/{video}.parquet; videos/{video}.json (the way
                  back to the raw video)
OUTPUTS:          export/{video}.{parquet,csv,slp,analysis.h5,nwb,coco.json,mot.txt}, export/long/ (one data set over all
                  videos)
"""


rule export:
    """Writing the tracks of each video for other programs."""
    input:
        # The Parquet table has the features; the other formats hold poses alone.
        tracks=lambda wildcards: (
            rules.features.output.features
            if wildcards.suffix == "parquet"
            else rules.track.output.tracks
        ),
        sidecar=rules.preprocess.output.sidecar,
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
        sidecars=expand(f"{RESULTS}/videos/{{video}}.json", video=VIDEOS),
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
