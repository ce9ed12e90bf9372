"""
Make one data set of all label files, look for mistakes in it, and divide it for training, validation and test.

REQUIRED INPUTS:  the label files; for the audit's pictures the preprocessed videos
OUTPUTS:          labels/merged.slp, labels/merge.json (what came from where), labels/split.json, labels/audit/
"""


rule merge:
    """Merging the label files."""
    input:
        labels=by_content(INPUTS.labels),
    output:
        labels=LABELS,
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
        contents=[CONTENTS.get(path) for path in INPUTS.labels],
        videos=LABELLED,
        code=code_version("antpipe.labels.project"),
    message:
        "Merging the label files"
    script:
        "../scripts/merge.py"


rule split:
    """Dividing the labelled frames."""
    input:
        labels=LABELS,
    output:
        split=SPLIT,
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
        labels=LABELS,
        videos=videos_and_sidecars(LABELLED),
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
        videos={video: f"{RESULTS}/videos/{video}.mp4" for video in LABELLED},
        code=code_version("antpipe.report.audit"),
    message:
        "Looking for mistakes in the labels"
    script:
        "../scripts/audit.py"
