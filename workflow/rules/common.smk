"""
What all chapters share: the checked configuration, the videos, and the version of the code behind each rule.
"""

import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# This copy of the package comes before one that is installed, here and (by Snakemake itself) in scripts.
sys.path.insert(0, str(workflow.basedir))

from antpipe.config.project import parse_config
from antpipe.errors import AntpipeError
from antpipe.inputs import check_inputs, find_inputs
from antpipe.provenance import code_version
from antpipe.resources import make_interpreter_callable

make_interpreter_callable()

try:
    CONFIG = parse_config(dict(config))
    RUNS = CONFIG.runs()
    INPUTS = find_inputs(CONFIG)
    if workflow.is_main_process:
        check_inputs(CONFIG, INPUTS)
except AntpipeError as error:
    raise WorkflowError(str(error)) from None

RESULTS = CONFIG.results
MODELS = f"{RESULTS}/models"
VIDEOS = sorted(INPUTS.videos)
MODEL_TYPES = list(CONFIG.models.chosen)
FORMATS = {
    "parquet": "parquet",
    "csv": "csv",
    "slp": "slp",
    "analysis.h5": "analysis_h5",
}
# Corrected suggestions become label files; each round has a name of its own.
ROUND = 1 + sum(Path(path).parent.name == "suggestions" for path in INPUTS.labels)
SUGGESTIONS = f"{RESULTS}/suggestions/round_{ROUND}"
ENVIRONMENT = "../../envs/antpipe.yaml"


wildcard_constraints:
    video="|".join(re.escape(name) for name in VIDEOS),
    model_type="|".join(MODEL_TYPES),
    run="|".join(re.escape(run) for run, _ in RUNS),
    suffix="|".join(re.escape(suffix) for suffix in FORMATS),


def settings(section):
    """Return a section of the configuration as plain values, which Snakemake can store and compare."""
    return section.model_dump(mode="json")


def videos_and_sidecars():
    """Return all preprocessed videos with their sidecars."""
    return expand(
        f"{RESULTS}/videos/{{video}}.{{suffix}}", video=VIDEOS, suffix=["mp4", "json"]
    )


def of_all_runs(*files):
    """Return files of the folders of all runs."""
    return [
        f"{MODELS}/{run}/{model_type}/{file}"
        for run, model_type in RUNS
        for file in files
    ]


def earlier_runs():
    """Return the metrics of runs of other experiments that are there already, to be compared with."""
    here = set(of_all_runs("metrics.val.json"))
    found = Path(MODELS).glob("*/*/metrics.val.json")
    return sorted(path.as_posix() for path in found if path.as_posix() not in here)


def true_identities():
    """Return the files that know who is who: simulated films know it of every frame."""
    if CONFIG.videos != "simulated":
        return []
    return expand(f"{RESULTS}/simulated/truth/{{video}}.parquet", video=VIDEOS)


def exported():
    """Return the exported files that the configuration asks for."""
    wanted = [
        suffix for suffix, format in FORMATS.items() if format in CONFIG.export.formats
    ]
    files = expand(
        f"{RESULTS}/export/{{video}}.{{suffix}}", video=VIDEOS, suffix=wanted
    )
    return files + (
        [f"{RESULTS}/export/long"] if "parquet_long" in CONFIG.export.formats else []
    )


def pictures():
    """Return the overlay videos of all videos."""
    return expand(f"{RESULTS}/report/{{video}}.mp4", video=VIDEOS)
