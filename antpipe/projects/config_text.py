"""The config.yaml of a new project, with the comments that its users need."""

import json
from collections.abc import Sequence

from antpipe.projects.proposal import Proposal

WIDTH = 46
"""Columns before a comment."""


def config_text(videos: Sequence[str], labels: Sequence[str], proposal: Proposal) -> str:
    """Return a configuration for videos and labels, names or patterns as seen from the project's folder."""
    anchor = _quoted(proposal.anchor_part)
    alone = [*ALONE, ""] if proposal.alone else []
    lines = [
        "# The settings of this project. Every key, its meaning and its default: docs/config.md of antpipe.",
        "# Paths count from this folder. After a change run snakemake again: only what depends on it is made anew.",
        "",
        *_listed("videos", videos, "films; patterns such as data/*.mp4 find many"),
        *_listed("labels", labels, "SLEAP's files; add corrected suggestions to the list"),
        "",
        _line("results: results", "everything that is made goes there"),
        _line("experiment: base", "another name trains new networks and keeps these"),
        "",
        "preprocess:",
        _line("  crop: null", "to keep a part: [width, height, x, y] in pixels, or as"),
        _line("", "fractions of the frame, such as [0.5, 0.5, 0.0, 0.25]"),
        "",
        "split:",
        _line("  fractions: [0.7, 0.15, 0.15]", "of the labelled frames, for training, validation and test"),
        "",
        *alone,
        "models:",
        _line("  centroid:", "finds the animals"),
        f"    # {proposal.scale_reason}",
        f"    input: {{scale: {proposal.scale}}}",
        "    backbone: {unet: {max_stride: 16, filters: 16, filters_rate: 1.5}}",
        "    # the anchor, the node that stands for an animal's place:",
        f"    # {proposal.anchor_reason}",
        f"    head: {{anchor_part: {anchor}, output_stride: 2}}",
        _line("  centered_instance:", "finds the nodes of each animal"),
        f"    # the crop around each animal is found by itself, now {proposal.crop_size} pixels:",
        f"    # {proposal.crop_reason}",
        "    input: {crop_size: null}",
        f"    # max_stride: {proposal.stride_reason}",
        f"    backbone: {{unet: {{max_stride: {proposal.max_stride}, filters: 24, filters_rate: 1.5}}}}",
        f"    head: {{anchor_part: {anchor}, output_stride: 4}}",
        "    # training goes on as long as it helps; for a quick try: optimization: {epochs: 5}",
        "",
        "track:",
        _line("  window: 24", "frames for which an animal that is not seen keeps its name"),
        "",
        "export:",
        _line("  formats: [parquet, csv, slp]", "tables for R and Python, for everyone, and for SLEAP"),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


ALONE = (
    "# No labelled frame has more than one animal. If that is so in all videos, the one line",
    "#   models: {single_instance: {}}",
    "# in place of the models below is simpler and quicker.",
)


def _line(text: str, comment: str) -> str:
    return f"{text:{WIDTH}} # {comment}"


def _listed(key: str, values: Sequence[str], comment: str) -> list[str]:
    return [_line(f"{key}:", comment), *(f"  - {_quoted(value)}" for value in values)]


def _quoted(text: str) -> str:
    # JSON's strings are YAML's, whatever is in them.
    return json.dumps(text, ensure_ascii=False)
