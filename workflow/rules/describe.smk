"""
Describe all results in one file that archives and catalogues read (RO-Crate): what each is, and what it was made of; and
say what they cost.

REQUIRED INPUTS:  all other results, and the records of the jobs that made them (records/, which every job writes)
OUTPUTS:          ro-crate-metadata.json, report/costs.html (time and memory of each step)
"""


rule describe:
    """Describing all results."""
    input:
        wanted(),
    output:
        crate=report(
            f"{RESULTS}/ro-crate-metadata.json",
            category="Summary",
            labels={"page": "what each result was made of (RO-Crate)"},
            caption="../report/crate.rst",
        ),
        costs=report(
            f"{RESULTS}/report/costs.html",
            category="Summary",
            labels={"page": "time and memory"},
            caption="../report/costs.rst",
        ),
    log:
        f"{RESULTS}/logs/describe.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        title=f"antpipe: {CONFIG.experiment}",
        code=code_version("antpipe.records.describe"),
    message:
        "Describing all results"
    script:
        "../scripts/describe.py"
