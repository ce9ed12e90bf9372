"""
Link the instances of each video into tracks, first frame by frame, then once more with the whole film in view.

REQUIRED INPUTS:  predictions/{video}.parquet
OUTPUTS:          tracks/linked/{video}.parquet (frame by frame), tracks/{video}.parquet (broken tracks joined, exchanged
                  ones mended), tracks/{video}.events.tsv (where tracks begin, end and were joined, and how surely)
"""


rule link:
    """Linking the instances of each video from frame to frame."""
    input:
        poses=f"{RESULTS}/predictions/{{video}}.parquet",
        video=rules.preprocess.output.video if CONFIG.track.needs_video else [],
    output:
        linked=f"{RESULTS}/tracks/linked/{{video}}.parquet",
    log:
        f"{RESULTS}/logs/link/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/link/{{video}}.jsonl"
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
        "Linking the animals of {wildcards.video} from frame to frame"
    script:
        "../scripts/link.py"


rule track:
    """Joining broken tracks of each video and mending exchanged ones."""
    input:
        linked=rules.link.output.linked,
        video=rules.preprocess.output.video if CONFIG.stitch.appearance else [],
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
        runtime=growing(60, per_gb=240),
    params:
        settings=settings(CONFIG.stitch),
        animals=(
            CONFIG.track.max_tracks
            if isinstance(CONFIG.track.max_tracks, int)
            else None
        ),
        code=code_version("antpipe.tracking.stitch"),
    message:
        "Joining the tracks of {wildcards.video}"
    script:
        "../scripts/track.py"
