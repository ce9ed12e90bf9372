"""Which run is best by which measure, and whether the differences mean anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antpipe.evaluation.bootstrap import frame_blocks, paired_difference
from antpipe.evaluation.measures import Measure, find_measure
from antpipe.evaluation.part import Part
from antpipe.evaluation.runs import Run
from antpipe.labels.split import PARTS

PART_WORDS = {"train": "Training", "val": "Validation", "test": "Test"}
NOTEBOOK_COLUMNS = (
    *("vis.tp", "vis.fp", "vis.tn", "vis.fn", "vis.precision", "vis.recall"),
    *("dist.avg", "dist.p50", "dist.p75", "dist.p90", "dist.p95", "dist.p99"),
    *("oks_voc.mAP", "oks_voc.mAR", "pck_voc.mAP", "pck_voc.mAR"),
)
"""Figures of the summary table, after `model` and `metric_type`."""
LEAST_SHARED = 0.5
"""Runs rank with each other if so much of the larger one's frames is common to both."""
LEAST_BLOCKS = 5
"""With fewer blocks of common frames nothing is said about a difference."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Runs that rank with each other: of one model type, with the same nodes, measured alike on the same frames."""

    model_type: str
    part: str
    mode: str
    frames: int
    """Frames that the first run was measured on."""
    videos: tuple[str, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one run differs from another over the frames on which both were measured."""

    frames: int
    difference: float
    """Mean over frames of the first run's value less the second's, of what the measure is judged by."""
    low: float
    high: float
    """The 95 % interval of the difference."""
    judged_by: str
    """The value per frame that was compared."""
    better: bool
    """Whether the first run is better than the second, and the interval leaves out 0."""


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best run of a group by one measure, and how the others stand to it."""

    group: Group
    measure: str
    run: Run
    value: float
    interval: tuple[float, float] | None
    alike: tuple[str, ...]
    """Runs that cannot be told from it."""
    worse: tuple[str, ...]
    """Runs that it is better than."""
    unknown: tuple[str, ...]
    """Runs of which the stored values do not tell."""
    verdicts: Mapping[str, Verdict]
    """By run, as far as the stored values tell."""


def summary_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return a row for each run and part: the columns of the lab's notebook, then everything else that was measured.

    `X.low` and `X.high` are the 95 % interval of X. A figure that a run does not have is None.
    """
    parts = [(run, name, run.parts[name]) for run in runs for name in PARTS if name in run.parts]
    others = dict.fromkeys(key for *_, part in parts for key in part.values if key not in NOTEBOOK_COLUMNS)
    bounded = dict.fromkeys(key for *_, part in parts for key in part.intervals)
    rows = []
    for run, name, part in parts:
        row: dict[str, Any] = {"model": run.name, "metric_type": PART_WORDS[name]}
        row |= {key: part.values.get(key) for key in NOTEBOOK_COLUMNS}
        row |= {"program": run.kind, "model_type": run.model_type, "measured": part.mode, "note": run.artefact}
        row |= {key: part.values.get(key) for key in others}
        for key in bounded:
            row[f"{key}.low"], row[f"{key}.high"] = part.intervals.get(key, (None, None))
        rows.append(row)
    return rows


def rank_groups(runs: Sequence[Run], part: str) -> list[Group]:
    """Return the runs that were measured on a part, in groups within which their figures may be ranked.

    Runs whose figures are an artefact are in no group.
    """
    groups: list[list[Run]] = []
    for run in runs:
        if part in run.parts and run.artefact is None:
            home = next((g for g in groups if _rank_together(g[0], run, part)), None)
            groups.append([run]) if home is None else home.append(run)
    return [
        Group(
            model_type=first.model_type,
            part=part,
            mode=first.parts[part].mode,
            frames=len(first.parts[part].frames),
            videos=tuple(sorted({video for video, _ in first.parts[part].frames})),
            runs=(first, *others),
        )
        for first, *others in groups
    ]


def _rank_together(a: Run, b: Run, part: str) -> bool:
    ours, theirs = a.parts[part], b.parts[part]
    alike = (a.model_type, a.settings.nodes, ours.mode) == (b.model_type, b.settings.nodes, theirs.mode)
    common = len(ours.frames & theirs.frames)
    return alike and common > 0 and common >= LEAST_SHARED * max(len(ours.frames), len(theirs.frames))


def best_runs(group: Group) -> dict[str, Best]:
    """Return the best run of a group by every measure that one of its runs has."""
    keys = dict.fromkeys(key for run in group.runs for key in run.parts[group.part].values)
    return {key: best_run(group, key, measure) for key in keys if (measure := find_measure(key)) is not None}


def best_run(group: Group, key: str, measure: Measure) -> Best:
    """Return the best run of a group by one measure that one of its runs has; of equal ones the first by name."""
    parts: Mapping[str, Part] = {run.name: run.parts[group.part] for run in group.runs}
    ranked = rank_runs(group.runs, group.part, key, measure)
    best, others = ranked[0], [run.name for run in ranked[1:]]
    verdicts = {name: compare_parts(parts[best.name], parts[name], key, measure) for name in others}
    known = {name: verdict for name, verdict in verdicts.items() if verdict is not None}
    value = parts[best.name].values[key]
    equal = {name for name in others if parts[name].values[key] == value}
    return Best(
        group=group,
        measure=key,
        run=best,
        value=value,
        interval=parts[best.name].intervals.get(key),
        alike=tuple(name for name in others if name in equal or (name in known and not known[name].better)),
        worse=tuple(name for name in others if name not in equal and name in known and known[name].better),
        unknown=tuple(name for name in others if name not in equal and name not in known),
        verdicts=known,
    )


def rank_runs(runs: Sequence[Run], part: str, key: str, measure: Measure) -> list[Run]:
    """Return the runs that have a measure on a part, the best first, equal ones by name."""
    sign = -1 if measure.higher else 1
    having = [run for run in runs if part in run.parts and key in run.parts[part].values]
    return sorted(having, key=lambda run: (sign * run.parts[part].values[key], run.name))


def compare_parts(a: Part, b: Part, key: str, measure: Measure) -> Verdict | None:
    """Return how two runs of a group differ over their common frames; None where their files do not tell."""
    stored = key in a.by_frame and key in b.by_frame
    judge = key if stored else measure.judged_by
    if judge is None:
        return None
    ours, theirs = (part.by_frame.get(judge, {}) for part in (a, b))
    common = sorted(ours.keys() & theirs.keys())
    blocks, _ = frame_blocks([video for video, _ in common], [index for _, index in common])
    if len(np.unique(blocks)) < LEAST_BLOCKS:
        return None
    values = [np.array([of_run[frame] for frame in common]) for of_run in (ours, theirs)]
    difference, low, high, _ = paired_difference(values[0], values[1], blocks)
    better = low > 0 if measure.higher else high < 0
    return Verdict(frames=len(common), difference=difference, low=low, high=high, judged_by=judge, better=better)
