"""antpipe: from videos and SLEAP labels to tracked poses in Parquet."""

from snakemake.utils import min_version

min_version("9.19")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/preprocess.smk"
include: "workflow/rules/labels.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/track.smk"
include: "workflow/rules/suggest.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/report.smk"


rule all:
    """All results of the configuration."""
    default_target: True
    input:
        exported(),
        pictures(),
        f"{RESULTS}/labels/audit",
        f"{MODELS}/comparison",
        f"{SUGGESTIONS}.tsv",
        f"{RESULTS}/report/summary.html",


onsuccess:
    print(
        f"Look at {RESULTS}/report/summary.html (one page), {RESULTS}/report/*.mp4 (films with poses), {RESULTS}/export."
    )
