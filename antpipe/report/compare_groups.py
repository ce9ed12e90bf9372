"""Groups of runs that rank with each other, as figures and page show them."""

from collections.abc import Mapping

from antpipe.evaluation.compare import PART_WORDS, Best, Group, rank_runs
from antpipe.evaluation.measures import find_measure
from antpipe.evaluation.runs import Run
from antpipe.evaluation.sleap_part import MODE

Ranking = Mapping[str, Best]
"""The best run of a group by measure."""
SHOWN = (
    *("oks_voc.mAP", "oks.mOKS", "dist.p50", "dist.p90"),
    *("detection.f1@5px", "detection.recall@5px", "detection.precision@5px", "detection.count_error"),
)
"""Measures that figure and page show, as far as a run has them."""
MOST_SHOWN = 4


def shown_measures(ranking: Ranking) -> list[str]:
    """Return the measures of a group that are shown, a few."""
    return [key for key in SHOWN if key in ranking][:MOST_SHOWN]


def group_of(ranking: Ranking) -> Group:
    """Return the group that a ranking is of."""
    return next(iter(ranking.values())).group


def ranked_runs(ranking: Ranking) -> list[Run]:
    """Return the runs of a group, the best by the first measure that is shown on top."""
    keys, group = [*shown_measures(ranking), *ranking], group_of(ranking)
    measure = find_measure(keys[0])
    ranked = [] if measure is None else rank_runs(group.runs, group.part, keys[0], measure)
    return [*ranked, *(run for run in group.runs if run not in ranked)]


def describe_group(group: Group) -> str:
    """Return in words what the runs of a group have in common."""
    runs = f"{len(group.runs)} run{'' if len(group.runs) == 1 else 's'}"
    films = ", ".join(group.videos[:2]) + (f" and {len(group.videos) - 2} more" if len(group.videos) > 2 else "")
    where = (
        f"{group.frames} {PART_WORDS[group.part].lower()} frames of {films}"
        if films
        else f"its {PART_WORDS[group.part].lower()} part"
    )
    by = "SLEAP" if group.mode == MODE else f"antpipe, {group.mode}"
    return f"{group.model_type}: {runs}, on {where}; measured by {by}"
