"""
Write the tracked poses of each video for other programs.

REQUIRED INPUTS:  tracks/{video}.parquet, for the Parquet table features/{video}.parquet; videos/{video}.json (the way
                  back to the raw video)
OUTPUTS:          export/{video}.{parquet,csv,slp,analysis.h5,nwb,coco.json,mot.txt}, export/long/ (one data set over all
                  videos)
"""

if EXPORTED:

    rule export:
        """Writing the tracks of each video for other programs."""
        input:
            poses=rules.track.output.tracks,
            sidecar=rules.preprocess.output.sidecar,
            # Only this table holds features beside poses.
            features=rules.features.output.features if "parquet" in EXPORTED else [],
        output:
            [f"{RESULTS}/export/{{video}}.{suffix}" for suffix in EXPORTED],
        log:
            f"{RESULTS}/logs/export/{{video}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/export/{{video}}.jsonl"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=4000,
            runtime=240,
        params:
            formats=list(EXPORTED.values()),
            coordinates=CONFIG.export.coordinates,
            code=code_version("antpipe.export.export"),
        message:
            "Writing the tracks of {wildcards.video} for other programs"
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
        coordinates=CONFIG.export.coordinates,
        code=code_version("antpipe.export.export"),
    message:
        "Writing all tracks as one data set"
    script:
        "../scripts/export_long.py"
