"""
Link the instances of each video into tracks, first frame by frame, then once more with the whole film in view.

REQUIRED INPUTS:  predictions/{video}.parquet
OUTPUTS:          tracks/{video}.parquet (linked frame by frame, broken tracks joined, exchanged ones mended),
                  tracks/{video}.events.tsv (where tracks begin, end and were joined, and how surely)
"""


rule track:
    """Linking the animals of each video into tracks, and joining and mending those."""
    input:
        poses=f"{RESULTS}/predictions/{{video}}.parquet",
        video=(
            rules.preprocess.output.video
            if CONFIG.track.needs_video
            or CONFIG.stitch.appearance
            and CONFIG.stitch.follows(CONFIG.track.method)
            else []
        ),
    output:
        tracks=f"{RESULTS}/tracks/{{video}}.parquet",
        events=f"{RESULTS}/tracks/{{video}}.events.tsv",
    log:
        f"{RESULTS}/logs/track/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/track/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(3000),
        runtime=growing(60, per_gb=480),
    params:
        link=settings(CONFIG.track),
        stitch=settings(CONFIG.stitch),
        code=code_version("antpipe.tracking.stitch_track"),
    message:
        "Tracking the animals of {wildcards.video}"
    script:
        "../scripts/track.py"
