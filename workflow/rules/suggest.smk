"""
Choose the frames that are worth labelling next, ready to be corrected in SLEAP.

REQUIRED INPUTS:  tracks/{video}.parquet of all videos, labels/merged.slp
OUTPUTS:          suggestions/round_{n}.tsv (which and why), and beside it round_{n}.slp, which SLEAP opens
"""


rule suggest:
    """Choosing the frames that are worth labelling next."""
    input:
        tracks=expand(f"{RESULTS}/tracks/{{video}}.parquet", video=VIDEOS),
        videos=videos_and_sidecars(VIDEOS),
        labels=LABELS,
    output:
        # The .slp beside it is not named here: Snakemake removes outputs before it makes them again, and a person may
        # have corrected it.
        table=f"{SUGGESTIONS}.tsv",
    log:
        f"{RESULTS}/logs/suggest.log",
    benchmark:
        f"{RESULTS}/benchmarks/suggest.jsonl"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=settings(CONFIG.suggest),
        code=code_version("antpipe.labels.suggest"),
    message:
        "Choosing the frames that are worth labelling next"
    script:
        "../scripts/suggest.py"
