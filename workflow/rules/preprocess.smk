"""
Cut, scale and encode each raw video so that every frame can be found again.

REQUIRED INPUTS:  the raw video
OUTPUTS:          videos/{video}.mp4, videos/{video}.json (what went in and out, and the way back to raw pixels)
"""


rule preprocess:
    """Preprocessing each video."""
    input:
        video=by_content(raw_video),
    output:
        video=f"{RESULTS}/videos/{{video}}.mp4",
        sidecar=f"{RESULTS}/videos/{{video}}.json",
    log:
        f"{RESULTS}/logs/preprocess/{{video}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/preprocess/{{video}}.jsonl"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=growing(2000),
        runtime=growing(60, per_gb=120),
    params:
        settings=settings(CONFIG.preprocess),
        content=lambda wildcards: CONTENTS.get(raw_video(wildcards)),
        code=code_version("antpipe.video.transcode"),
    message:
        "Preprocessing {wildcards.video}"
    script:
        "../scripts/preprocess.py"
