"""
Describe all results in one file that archives and catalogues read (RO-Crate): what each is, and what it was made of.

REQUIRED INPUTS:  all other results, and the records of the jobs that made them (records/, which every job writes)
OUTPUTS:          ro-crate-metadata.json
"""


rule describe:
    """Describing all results."""
    input:
        wanted(),
    output:
        crate=f"{RESULTS}/ro-crate-metadata.json",
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
        code=code_version("antpipe.records.crate"),
    message:
        "Describing all results"
    script:
        "../scripts/describe.py"
