"""
Cut, scale and encode each raw video so that every frame can be found again.

REQUIRED INPUTS:  the raw video
OUTPUTS:          videos/{video}.mp4, videos/{video}.json (what went in and out, and the way back to raw pixels)
"""


rule preprocess:
    """Preprocessing each video."""
    input:
        video=lambda wildcards: INPUTS.videos[wildcards.video],
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
        mem_mb=2000,
        runtime=240,
    params:
        settings=settings(CONFIG.preprocess),
        code=code_version("antpipe.video.transcode"),
    message:
        "Preprocessing {wildcards.video}"
    script:
        "../scripts/preprocess.py"
