"""
Make one data set of all label files, and divide it for training, validation and test.

REQUIRED INPUTS:  the label files
OUTPUTS:          labels/merged.slp, labels/merge.json (what came from where), labels/split.json
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
