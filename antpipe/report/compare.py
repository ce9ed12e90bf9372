"""The comparison of all runs below a folder: tables, figures, and one page with both."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from antpipe.evaluation.compare import PART_WORDS, Best, best_runs, rank_groups, summary_rows
from antpipe.evaluation.measures import MEASURES
from antpipe.evaluation.runs import Found, Run, find_runs
from antpipe.progress import show_progress
from antpipe.report.compare_groups import Ranking, ranked_runs
from antpipe.report.compare_learning import plot_all_learning_curves
from antpipe.report.compare_measures import plot_measures
from antpipe.report.compare_nodes import plot_node_heat_map
from antpipe.report.compare_page import write_comparison
from antpipe.report.run_names import short_names
from antpipe.tsv import write_tsv

PREFERRED = ("test", "val", "train")
"""Runs are compared by the first of these parts that they were measured on."""
MOST_DRAWN = 60
"""Figures show so many runs, the best of each group first; the tables hold all."""
TABLES = ("comparison.tsv", "best.tsv", "hyperparameters.tsv")
BEST_COLUMNS = (
    *("model_type", "metric_type", "measured", "frames", "videos", "runs"),
    *("measure", "better", "best", "value", "low", "high"),
    *("not_distinguishable", "worse", "cannot_be_told", "judged_by", "common_frames"),
)
"""Of best.tsv: the group, the best run, and how the others stand to it by what is judged frame by frame."""
FIGURES = ("measures.png", "node_errors.png", "learning_curves.png")


def compare_runs(models_dir: str | Path, folder: str | Path) -> Found:
    """Compare all runs below a folder, write tables, figures and a page, and return what was found.

    `folder` gets `comparison.tsv` (a row per run and part: the columns of the lab's notebook and everything else that
    was measured), `best.tsv` (the best run by each measure, and which others cannot be told from it),
    `hyperparameters.tsv` (a row per setting, those that differ first), the figures `measures.png`, `node_errors.png`
    and `learning_curves.png`, and `comparison.html` with all of it and with what was left out.

    Raises:
        ModelError: if there is no run that was evaluated.
    """
    folder = Path(folder)
    with show_progress("compare", "runs") as advance:
        found = find_runs(models_dir, advance)
    by_part = {part: [run for run in found.runs if _main_part(run) == part] for part in PREFERRED}
    rankings = [ranking for part, runs in by_part.items() for ranking in _rankings(runs, part)]
    _write_tables(folder, found.runs)
    drawn = _in_order(found.runs, rankings)[:MOST_DRAWN]
    names = short_names(drawn)
    plot_measures(rankings, names, folder / FIGURES[0])
    plot_node_heat_map([(r, _main_part(r)) for r in drawn if r.artefact is None], names, folder / FIGURES[1])
    plot_all_learning_curves(drawn, names, folder / FIGURES[2])
    write_comparison(
        folder / "comparison.html",
        found=found,
        rankings=rankings,
        differing=differing_settings(found.runs),
        pictures=[folder / name for name in FIGURES],
        names=short_names(found.runs),
        undrawn=len(found.runs) - len(drawn),
    )
    return found


def differing_settings(runs: Sequence[Run]) -> list[str]:
    """Return the settings that not all runs have in common."""
    keys = dict.fromkeys(key for run in runs for key in run.settings.values)
    return [key for key in keys if len({run.settings.values.get(key) for run in runs}) > 1]


def _main_part(run: Run) -> str:
    return next(part for part in PREFERRED if part in run.parts)


def _rankings(runs: Sequence[Run], part: str) -> list[Ranking]:
    """Return the best runs of every group on a part, the largest group of a model type first."""
    groups = sorted(rank_groups(runs, part), key=lambda group: (group.model_type, -len(group.runs)))
    return [ranking for group in groups if (ranking := best_runs(group))]


def _in_order(runs: Sequence[Run], rankings: Iterable[Ranking]) -> list[Run]:
    ranked = [run for ranking in rankings for run in ranked_runs(ranking)]
    return [*ranked, *(run for run in runs if run not in ranked)]


def _write_tables(folder: Path, runs: Sequence[Run]) -> None:
    bests = [best for part in PREFERRED for ranking in _rankings(runs, part) for best in ranking.values()]
    rows = summary_rows(runs)
    write_tsv(folder / TABLES[0], list(rows[0]), [list(row.values()) for row in rows])
    write_tsv(folder / TABLES[1], BEST_COLUMNS, map(_best_row, bests))
    differing = differing_settings(runs)
    keys = dict.fromkeys([*differing, *(key for run in runs for key in run.settings.values)])
    values = [[key, "yes" if key in differing else "no", *(r.settings.values.get(key) for r in runs)] for key in keys]
    write_tsv(folder / TABLES[2], ["setting", "differs", *(run.name for run in runs)], values)


def _best_row(best: Best) -> list[Any]:
    group, (low, high) = best.group, best.interval or (None, None)
    better = "higher" if MEASURES[best.measure.partition("@")[0]].higher else "lower"
    return [
        *(group.model_type, PART_WORDS[group.part], group.mode, group.frames, "; ".join(group.videos), len(group.runs)),
        *(best.measure, better, best.run.name, best.value, low, high),
        *("; ".join(names) for names in (best.alike, best.worse, best.unknown)),
        "; ".join(sorted({verdict.judged_by for verdict in best.verdicts.values()})),
        min((verdict.frames for verdict in best.verdicts.values()), default=None),
    ]
