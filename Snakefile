"""antpipe: from videos and SLEAP labels to tracked poses in Parquet."""

import gc

from snakemake.utils import min_version

min_version("9.19")

# Planning thousands of jobs makes millions of objects that stay. To look through them for garbage, as often as Python does
# by default, takes a tenth of the time.
gc.set_threshold(100_000, 50, 1000)


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/preprocess.smk"
include: "workflow/rules/labels.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/track.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/suggest.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/describe.smk"


rule all:
    """All results of the configuration."""
    default_target: True
    input:
        # Made of all others, so that it asks for all of them.
        rules.describe.output,


onstart:
    from antpipe.records.plan import write_plan

    check_scheduler()
    write_plan(RESULTS, workflow)


onerror:
    from antpipe.records.failures import failures

    print(failures(RESULTS), file=sys.stderr)


onsuccess:
    print(
        f"Look at {RESULTS}/report/summary.html (one page), {RESULTS}/report/*.mp4 (films with poses), {RESULTS}/export."
    )
