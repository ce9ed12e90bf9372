"""
Make one data set of all label files, look for mistakes in it, and divide it for training, validation and test.

REQUIRED INPUTS:  the label files; for the audit's pictures the preprocessed videos
OUTPUTS:          labels/merged.slp, labels/merge.json (what came from where), labels/split.json, labels/audit/
"""


rule merge:
    """Merging the label files."""
    input:
        labels=INPUTS.labels,
    output:
        labels=f"{RESULTS}/labels/merged.slp",
        report=f"{RESULTS}/labels/merge.json",
    log:
        f"{RESULTS}/logs/merge.log",
    benchmark:
        f"{RESULTS}/benchmarks/merge.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=settings(CONFIG.merge),
        videos=INPUTS.videos,
        code=code_version("antpipe.labels.project"),
    message:
        "Merging the label files"
    script:
        "../scripts/merge.py"


rule split:
    """Dividing the labelled frames."""
    input:
        labels=rules.merge.output.labels,
    output:
        split=f"{RESULTS}/labels/split.json",
    log:
        f"{RESULTS}/logs/split.log",
    benchmark:
        f"{RESULTS}/benchmarks/split.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=settings(CONFIG.split),
        code=code_version("antpipe.labels.split_file"),
    message:
        "Dividing the labelled frames"
    script:
        "../scripts/split.py"


rule audit:
    """Looking for mistakes in the labels."""
    input:
        labels=rules.merge.output.labels,
        videos=videos_and_sidecars(),
    output:
        audit=report(
            directory(f"{RESULTS}/labels/audit"),
            htmlindex="audit.html",
            category="Labels",
            labels={"page": "audit of the labels"},
            caption="../report/audit.rst",
        ),
    log:
        f"{RESULTS}/logs/audit.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        videos={video: f"{RESULTS}/videos/{video}.mp4" for video in VIDEOS},
        code=code_version("antpipe.report.audit"),
    message:
        "Looking for mistakes in the labels"
    script:
        "../scripts/audit.py"
