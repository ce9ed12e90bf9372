"""The page of the comparison of runs."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from antpipe.evaluation.compare import NOTEBOOK_COLUMNS, PART_WORDS, Best
from antpipe.evaluation.measures import find_measure
from antpipe.evaluation.part import Part
from antpipe.evaluation.runs import ARTEFACT, Found, Run
from antpipe.files import atomic_path
from antpipe.labels.split import PARTS
from antpipe.report.compare_groups import SHOWN, Ranking, describe_group, group_of
from antpipe.report.html_parts import document, figure, metric, table

ON_PAGE = (
    *SHOWN,
    *("oks_voc.mAR", "pck.mPCK", "dist.avg", "dist.p95", "vis.precision", "vis.recall"),
    *("instances.precision", "instances.recall"),
)
"""Measures in the tables of best runs; `best.tsv` has all."""
_MOST_LISTED = 4
CAPTIONS = (
    "What was measured on each run. Large dots: the frames by which runs are compared; bars: 95 % intervals. Blue: the "
    "best, or not distinguishable from it. Bars may overlap and the runs still differ, because runs are compared frame "
    "by frame. A run whose training figure is far better than the others has learnt its "
    "training frames by heart.",
    "How far each body part lies from its true place; darker is worse.",
    "How training went. Where validation stays flat while training falls, more epochs do not help; more labels do.",
)
HOW_TO_READ = (
    "Runs are ranked within a group only: of one model type, with the same nodes, measured in the same way, with at "
    "least half of the frames in common. Two runs are not distinguishable if the 95 % interval of their difference, "
    "frame by frame over the common frames, holds 0; neighbouring frames count as one. OKS and PCK are judged by their "
    "mean per frame, percentiles above the median by the mean error. The best of many runs owes some of its lead to "
    "chance; choose by validation, and let the test frames tell how good the chosen one is."
)


def write_comparison(
    output_html: Path,
    *,
    found: Found,
    rankings: Sequence[Ranking],
    differing: Sequence[str],
    pictures: Sequence[Path],
    names: Mapping[str, str],
    undrawn: int,
) -> None:
    """Write the page, with nothing outside the file.

    Args:
        output_html: the page.
        found: the runs, and what was left out.
        rankings: the best runs by measure of each group of runs that rank with each other.
        differing: the settings that not all runs have in common.
        pictures: the three figures.
        names: short names of runs.
        undrawn: runs that the figures do not show.
    """
    title = f"Comparison of {_count(len(found.runs), 'run')}"
    parts = sum(len(run.parts) for run in found.runs)
    left = f"{_count(len(found.skipped), 'thing')} could not be used, see the end of the page." if found.skipped else ""
    more = f"The figures show the best of them; {_count(undrawn, 'run')} are in the tables only." if undrawn else ""
    body = [
        f"<h1>{title}</h1>",
        _text(f"{_count(parts, 'evaluation')} on training, validation and test frames. {more} {left}"),
        *_best_section(rankings, names),
        *(figure(path, text) for path, text in zip(pictures, CAPTIONS, strict=True)),
        *_settings_section(found.runs, differing, names),
        *_figures_section(found.runs),
        "<h2>Left out</h2>",
        table(["What", "Why"], [[left.name, left.reason] for left in found.skipped])
        if found.skipped
        else _text("Nothing."),
    ]
    with atomic_path(output_html) as temporary:
        temporary.write_text(document(title, body), encoding="utf-8")


def _best_section(rankings: Sequence[Ranking], names: Mapping[str, str]) -> list[str]:
    section = ["<h2>Which run is best</h2>"]
    for ranking in rankings:
        shown = [ranking[key] for key in ON_PAGE if key in ranking]
        section.append(f"<h3>{html.escape(describe_group(group_of(ranking)))}</h3>")
        section += [_text(_in_a_sentence(best, names)) for best in shown[:1]]
        section.append(_best_table(shown, names))
    if not rankings:
        section.append(_text("No run has figures that can be compared."))
    return [*section, _text(HOW_TO_READ)]


def _in_a_sentence(best: Best, names: Mapping[str, str]) -> str:
    measure = find_measure(best.measure)
    words = best.measure if measure is None else measure.words
    if len(best.group.runs) == 1:
        return f"There is nothing to compare {names[best.run.name]} with."
    value = f"{words} {_with_interval(best.value, best.interval)}"
    others = {
        "better than": best.worse,
        "not distinguishable from": best.alike,
        "whether it is better cannot be told of": best.unknown,
    }
    told = [f"{words} {_listed(runs, names)}" for words, runs in others.items() if runs]
    return f"By {value}, {names[best.run.name]} comes first: {'; '.join(told)}."


def _best_table(bests: Sequence[Best], names: Mapping[str, str]) -> str:
    headings = ["Measure", "Better", "Best run", "Value", "Not distinguishable from it", "Worse", "Cannot be told"]
    rows = []
    for best in bests:
        measure = find_measure(best.measure)
        words, higher = (measure.words, measure.higher) if measure else (best.measure, True)
        value = _with_interval(best.value, best.interval)
        others = [_listed(runs, names) for runs in (best.alike, best.worse, best.unknown)]
        rows.append([words, "higher" if higher else "lower", names[best.run.name], value, *others])
    return table(headings, rows)


def _listed(runs: Sequence[str], names: Mapping[str, str]) -> str:
    more = f" and {len(runs) - _MOST_LISTED} more" if len(runs) > _MOST_LISTED else ""
    return ", ".join(names[run] for run in runs[:_MOST_LISTED]) + more


def _settings_section(runs: Sequence[Run], differing: Sequence[str], names: Mapping[str, str]) -> list[str]:
    section = ["<h2>Settings that differ</h2>"]
    for model_type in dict.fromkeys(run.model_type for run in runs):
        of_type = [run for run in runs if run.model_type == model_type]
        keys = [key for key in differing if len({run.settings.values.get(key) for run in of_type}) > 1]
        rows = [[key, *(run.settings.values.get(key, "") for run in of_type)] for key in keys]
        section.append(f"<h3>{html.escape(model_type)}</h3>")
        section.append(table(["Setting", *(names[run.name] for run in of_type)], rows) if rows else _text("None."))
    return [*section, _text("All settings are in hyperparameters.tsv.")]


def _figures_section(runs: Sequence[Run]) -> list[str]:
    columns = _columns(runs)
    rows = [
        [run.name + (" †" if run.artefact else ""), PART_WORDS[part], *_cells(run.parts[part], columns)]
        for run in runs
        for part in PARTS
        if part in run.parts
    ]
    section = ["<h2>All figures</h2>", table(["Model", "Part", *columns], rows)]
    if any(run.artefact for run in runs):
        section.append(_text(f"† {ARTEFACT}. They stand in this table and nowhere else."))
    return [*section, _text("Everything that was measured, with all digits, is in comparison.tsv.")]


def _columns(runs: Sequence[Run]) -> list[str]:
    stored = {key for run in runs for part in run.parts.values() for key in part.values}
    return [key for key in dict.fromkeys((*NOTEBOOK_COLUMNS, *ON_PAGE)) if key in stored]


def _cells(part: Part, columns: Sequence[str]) -> list[str]:
    return [_with_interval(part.values.get(key), part.intervals.get(key)) for key in columns]


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    return metric(value) + ("" if interval is None else f" [{metric(interval[0])}, {metric(interval[1])}]")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text(text: str) -> str:
    return f"<p>{html.escape(' '.join(text.split()))}</p>"
