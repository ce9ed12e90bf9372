"""
Draw films of synthetic ants with exact labels, when the configuration asks for them.

OUTPUTS:  simulated/{video}.mp4, simulated/truth/{video}.parquet, simulated/labels.slp
"""

if CONFIG.videos == "simulated":

    rule simulate:
        """Drawing films of synthetic ants."""
        output:
            videos=expand(f"{RESULTS}/simulated/{{video}}.mp4", video=VIDEOS),
            truth=expand(f"{RESULTS}/simulated/truth/{{video}}.parquet", video=VIDEOS),
            labels=f"{RESULTS}/simulated/labels.slp",
        log:
            f"{RESULTS}/logs/simulate.log",
        benchmark:
            f"{RESULTS}/benchmarks/simulate.jsonl"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            settings=settings(CONFIG.simulate),
            code=code_version("antpipe.synthetic.simulate"),
        message:
            "Drawing films of synthetic ants"
        script:
            "../scripts/simulate.py"
