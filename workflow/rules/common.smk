"""
What all chapters share: the checked configuration, the videos, and the version of the code behind each rule.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# This copy of the package comes before one that is installed, here and (by Snakemake itself) in scripts; also where
# another workflow uses this one as a module.
sys.path.insert(
    0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1])
)

from antpipe.config.project import parse_config
from antpipe.config.yaml_file import read_yaml
from antpipe.contents import contents_of
from antpipe.errors import AntpipeError
from antpipe.features.check import check_features, check_measurements, find_measurements
from antpipe.inputs import check_inputs, find_inputs, find_labelled
from antpipe.provenance import code_version
from antpipe.resources import make_interpreter_callable

make_interpreter_callable()

try:
    for path in workflow.configfiles if workflow.is_main_process else []:
        read_yaml(path)
    CONFIG = parse_config(dict(config))
    RUNS = CONFIG.runs()
    INPUTS = find_inputs(CONFIG)
    MEASUREMENTS = find_measurements(CONFIG, INPUTS.videos)
    LABELLED = dict(sorted(find_labelled(CONFIG, INPUTS).items()))
    if workflow.is_main_process:
        check_inputs(CONFIG, INPUTS)
        check_features(CONFIG, INPUTS.labels)
        check_measurements(CONFIG, MEASUREMENTS)
except AntpipeError as error:
    raise WorkflowError(str(error)) from None

# The user's files are told by their bytes. Snakemake would go by their dates.
CONTENTS = contents_of(
    (
        [*INPUTS.videos.values(), *INPUTS.labels, *MEASUREMENTS.values()]
        if CONFIG.videos != "simulated"
        else [*MEASUREMENTS.values()]
    ),
    ".snakemake/antpipe_contents.json",
)
RESULTS = CONFIG.results
MODELS = f"{RESULTS}/models"
# Rules that take files of all videos name these, not `rules.merge.output`: with that, planning takes time that grows with
# the square of the number of videos.
LABELS = f"{RESULTS}/labels/merged.slp"
SPLIT = f"{RESULTS}/labels/split.json"
SELECTED = f"{MODELS}/selected.json"
VIDEOS = sorted(INPUTS.videos)
MODEL_TYPES = list(CONFIG.models.chosen)
# The exported files of each video by the end of their names, with what writes them.
FORMATS = {
    "parquet": "parquet",
    "csv": "csv",
    "slp": "slp",
    "analysis.h5": "analysis_h5",
    "nwb": "nwb",
    "coco.json": "coco",
    "mot.txt": "mot",
}
EXPORTED = {
    suffix: format
    for suffix, format in FORMATS.items()
    if format in CONFIG.export.formats
}
# The pictures of each video on the page that sums up, by title.
PICTURES = {
    "A frame with poses": f"{RESULTS}/report/{{video}}.png",
    "Tracks over time": f"{RESULTS}/report/{{video}}.tracks.png",
    "Breaks and doubts of tracks": f"{RESULTS}/report/continuity/{{video}}.png",
    "Trajectories": f"{RESULTS}/report/trajectories/{{video}}.png",
    "Where animals were": f"{RESULTS}/report/occupancy/{{video}}.png",
}
if CONFIG.features.kinds:
    PICTURES["Angles over time"] = f"{RESULTS}/report/traces/{{video}}.png"
# Corrected suggestions become label files; each round has a name of its own.
ROUND = 1 + sum(Path(path).parent.name == "suggestions" for path in INPUTS.labels)
SUGGESTIONS = f"{RESULTS}/suggestions/round_{ROUND}"
ENVIRONMENT = "../../envs/antpipe.yaml"


# One rule has outputs that differ in a middle part of their names. Two thousand names in every pattern would be slow.
ONE_OF_THE_VIDEOS = "|".join(re.escape(name) for name in VIDEOS)


wildcard_constraints:
    video=r"[^/]+",
    model_type="|".join(MODEL_TYPES),
    run="|".join(re.escape(run) for run, _ in RUNS),


def check_scheduler():
    """Stop before the first job if the scheduler's program is not there; each job would fail with a page of its own."""
    settings = workflow.executor_settings
    # Every profile names, among its commands, the one program that cancels jobs.
    program = {
        "slurm": "sbatch",
        "cluster-generic": getattr(settings, "cancel_cmd", None),
    }.get(workflow.executor_plugin.name)
    if program and shutil.which(program) is None:
        raise WorkflowError(
            f"{program}: there is no such program on this computer, so no job can be submitted; run this on the "
            "cluster's login node, or without --profile to use this computer alone"
        )


def raw_video(wildcards):
    """Return the raw video of this name."""
    if wildcards.video not in INPUTS.videos:
        raise WorkflowError(
            f"{wildcards.video}: no video of the configuration has this name; there are {VIDEOS[:5]}"
        )
    return INPUTS.videos[wildcards.video]


def growing(base, per_gb=0):
    """Return a resource that grows with the size of a job's inputs, and again with every retry."""
    if not per_gb:
        return lambda wildcards, attempt: attempt * base
    # Not `input.size_mb`, which takes so long that thousands of videos feel it.
    return lambda wildcards, input, attempt: round(
        attempt * (base + per_gb * sum(map(os.path.getsize, input)) / 1e9)
    )


def by_content(files):
    """Return videos or labels whose dates do not count, because a rule has their contents among its params."""
    return ancient(files) if CONFIG.videos != "simulated" else files


def settings(section):
    """Return a section of the configuration as plain values, which Snakemake can store and compare."""
    return section.model_dump(mode="json")


def videos_and_sidecars(videos):
    """Return preprocessed videos with their sidecars."""
    return expand(
        f"{RESULTS}/videos/{{video}}.{{suffix}}", video=videos, suffix=["mp4", "json"]
    )


def base_weights(wildcards):
    """Return the weights from which a run begins; they may be those of another run."""
    folder = RUNS[wildcards.run, wildcards.model_type].settings.base_checkpoint
    if folder is None:
        return []
    sleap = Path(folder) / "best_model.h5"
    return sleap.as_posix() if sleap.exists() else f"{folder}/best.weights.h5"


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
    files = expand(
        f"{RESULTS}/export/{{video}}.{{suffix}}", video=VIDEOS, suffix=list(EXPORTED)
    )
    return files + (
        [f"{RESULTS}/export/long"] if "parquet_long" in CONFIG.export.formats else []
    )


def measured():
    """Return the features of all videos, and what was measured on those that have such a file."""
    return expand(f"{RESULTS}/features/{{video}}.parquet", video=VIDEOS) + expand(
        f"{RESULTS}/measurements/{{video}}.{{suffix}}",
        video=MEASUREMENTS,
        suffix=["parquet", "png"],
    )


def wanted():
    """Return all final results of the configuration; the summary asks for the pictures by itself."""
    return [
        *measured(),
        *exported(),
        *expand(f"{RESULTS}/report/{{video}}.mp4", video=VIDEOS),
        f"{RESULTS}/labels/audit",
        # A training that was interrupted leaves no network, even where all that was made with the former one is there.
        *of_all_runs("best.weights.h5"),
        f"{MODELS}/comparison",
        f"{SUGGESTIONS}.tsv",
        f"{RESULTS}/report/summary.html",
    ]
