"""Choosing the run that predicts, by a named measure."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from antpipe.errors import ConfigError, ModelError, reason
from antpipe.evaluation.compare import Verdict, compare_parts, rank_groups, rank_runs
from antpipe.evaluation.measures import MEASURES, Measure, find_measure
from antpipe.evaluation.runs import Run, find_runs
from antpipe.files import fingerprint, read_json, write_json
from antpipe.labels.split import PARTS
from antpipe.provenance import provenance


@dataclass(frozen=True, kw_only=True)
class RunnerUp:
    """A run that was not chosen."""

    run: Run
    value: float
    interval: tuple[float, float] | None
    same_frames: bool
    """Whether it was measured in the same way on the same frames, so that the two values rank with each other."""
    verdict: Verdict | None
    """How the chosen run differs from it, frame by frame; None where that cannot be told."""
    worse: bool | None
    """Whether the chosen run is better beyond chance; None where that cannot be told."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The run that was chosen, by what, and what it was preferred to."""

    run: Run
    measure: str
    part: str
    value: float
    interval: tuple[float, float] | None
    runners_up: tuple[RunnerUp, ...]
    """The best first."""
    cautions: tuple[str, ...]
    """What speaks against trusting the choice, one sentence each."""


def select_run(folder: str | Path, measure: str, part: str, model_type: str) -> Choice:
    """Return the run of a model type with the best value of a measure.

    Choose by `val`, and `test` stays an honest figure of what was chosen.

    Args:
        folder: is searched for runs, see `find_runs`.
        measure: key such as `oks_voc.mAP`, `dist.avg` or `detection.f1@5px`.
        part: `train`, `val` or `test`.
        model_type: such as `centroid` or `centered_instance`.

    Raises:
        ConfigError: if there is no such measure or part.
        ModelError: if no run of that type has the measure on that part, or the figures of those that have it are an
            artefact.
    """
    return _select(find_runs(folder).runs, folder, measure, part, model_type)


def _select(runs: Sequence[Run], folder: str | Path, measure: str, part: str, model_type: str) -> Choice:
    if part not in PARTS:
        raise ConfigError(f"select part: expected one of {list(PARTS)}, got {part!r}")
    of_type = [run for run in runs if run.model_type == model_type]
    if not of_type:
        types = sorted({run.model_type for run in runs})
        raise ModelError(f"{folder}: expected a run of type {model_type!r} in it or below, found only {types}")
    known = _known_measure(measure, of_type)
    sound = [run for run in of_type if run.artefact is None]
    if not sound:
        raise ModelError(
            f"{folder}: {measure} of {_names(of_type)} cannot choose a model: {of_type[0].artefact}; choose by "
            "looking at its predictions, or train a centroid model with antpipe"
        )
    ranked = rank_runs(sound, part, measure, known)
    if not ranked:
        raise ModelError(_nothing_to_rank(folder, measure, part, sound))
    return _choice(ranked, measure, known, part, [run for run in of_type if run not in sound])


def write_selection(
    folder: str | Path,
    output_json: str | Path,
    *,
    measures: Mapping[str, str],
    part: str,
    only: Collection[str] | None = None,
) -> dict[str, Choice]:
    """Choose a run for each model type, write `selected.json`, and return the choices.

    Args:
        folder: is searched for runs.
        output_json: for each model type the chosen run, the measure with its value and interval, runners-up and
            cautions, and what was skipped below the folder; folders are relative to the file.
        measures: the measure by model type.
        part: `train`, `val` or `test`.
        only: names of the runs that may be chosen, their paths below the folder; None: all.
    """
    found = find_runs(folder)
    runs = [run for run in found.runs if only is None or run.name in only]
    choices: dict[str, Choice] = {}
    # Networks of crops first: the centroid network has to find what their crops are centred on.
    for name in sorted(measures, key="centroid".__eq__):
        choices[name] = _select(_of_one_anchor(runs, choices), folder, measures[name], part, name)
    models = {name: _record(choice, Path(output_json)) for name, choice in choices.items()}
    skipped = [vars(left) for left in found.skipped]
    write_json(output_json, {**provenance("antpipe select"), "models": models, "skipped": skipped})
    return choices


def _of_one_anchor(runs: Sequence[Run], chosen: Mapping[str, Choice]) -> list[Run]:
    """Return the runs without centroid networks of another anchor than the chosen crops have.

    Raises:
        ModelError: if that leaves no centroid network.
    """
    anchors = {_anchor(choice.run) for choice in chosen.values()} - {None}
    centroids = [run for run in runs if run.model_type == "centroid"]
    others = [run for run in centroids if anchors and _anchor(run) not in {*anchors, None}]
    if others and len(others) == len(centroids):
        crops = next(iter(chosen.values())).run
        raise ModelError(
            f"{crops.name} was trained on crops around {_anchor(crops)!r}, but no centroid network finds that, only "
            f"{_anchor(others[0])!r} ({_names(others)}); give both types the same head.anchor_part"
        )
    return [run for run in runs if run not in others]


def _anchor(run: Run) -> str | None:
    """Return the part on which the crops or centroids of a run lie, as its settings name it; None if they do not."""
    return run.settings.values.get("head.anchor_part")


def selected_folders(path: str | Path) -> dict[str, Path]:
    """Return the chosen run folders by model type, from the file that `write_selection` wrote.

    Raises:
        ModelError: if the file is missing or is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: the choice of models was not found; make it with antpipe select")
    try:
        folders = {str(name): chosen["run"] for name, chosen in read_json(path)["models"].items()}
        return {name: path.parent / run for name, run in folders.items()}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path}: expected the choice of models as antpipe select writes it, but it cannot be read "
            f"({reason(error)}); make it again"
        ) from error


def _known_measure(measure: str, runs: Sequence[Run]) -> Measure:
    stored = dict.fromkeys(key for run in runs for part in run.parts.values() for key in part.values)
    names = [key for key in stored if find_measure(key) is not None]
    known = find_measure(measure)
    # `detection.f1` is a measure only together with its radius.
    if known is not None and (measure in names or not any(name.startswith(f"{measure}@") for name in names)):
        return known
    raise ConfigError(
        f"select measure: unknown measure {measure!r}; did you mean one of {_close(measure, names) or names}"
    )


def _close(measure: str, names: Sequence[str]) -> list[str]:
    """Return the names that look most like what was asked for: in other letters, with more at the end, or misspelt."""
    by_small = {name.lower(): name for name in (*MEASURES, *names) if name != measure}
    small = measure.lower()
    close = [small, *(name for name in by_small if name.startswith(small)), *get_close_matches(small, by_small, n=5)]
    return [by_small[name] for name in dict.fromkeys(close) if name in by_small][:5]


def _nothing_to_rank(folder: str | Path, measure: str, part: str, runs: Sequence[Run]) -> str:
    measured = [run for run in runs if part in run.parts]
    if not measured:
        others = [name for name in PARTS if any(name in run.parts for run in runs)]
        return (
            f"{folder}: the part {part!r} of {_names(runs)} is empty or was not evaluated; choose by one of {others}, "
            f"or give {part!r} a share in split.fractions and train again"
        )
    keys = dict.fromkeys(key for run in measured for key in run.parts[part].values if find_measure(key) is not None)
    return f"{folder}: expected {measure} among the figures of {_names(measured)} on {part!r}, found only {list(keys)}"


def _choice(ranked: Sequence[Run], key: str, measure: Measure, part: str, left_out: Sequence[Run]) -> Choice:
    best = ranked[0]
    home = next(group.runs for group in rank_groups(ranked, part) if best in group.runs)
    runners_up = tuple(_runner_up(run, best, key, measure, part, run in home) for run in ranked[1:])
    return Choice(
        run=best,
        measure=key,
        part=part,
        value=best.parts[part].values[key],
        interval=best.parts[part].intervals.get(key),
        runners_up=runners_up,
        cautions=tuple(_cautions(best, part, runners_up, left_out)),
    )


def _runner_up(run: Run, best: Run, key: str, measure: Measure, part: str, same_frames: bool) -> RunnerUp:
    verdict = compare_parts(best.parts[part], run.parts[part], key, measure) if same_frames else None
    return RunnerUp(
        run=run,
        value=run.parts[part].values[key],
        interval=run.parts[part].intervals.get(key),
        same_frames=same_frames,
        verdict=verdict,
        worse=None if verdict is None else verdict.better,
    )


def _cautions(best: Run, part: str, runners_up: Sequence[RunnerUp], left_out: Sequence[Run]) -> list[str]:
    others = [r.run.name for r in runners_up if not r.same_frames]
    alike = [r.run.name for r in runners_up if r.worse is False]
    found = []
    if others:
        found.append(f"measured on other frames or in another way, so the values do not rank: {', '.join(others)}")
    if alike:
        found.append(f"not distinguishable from the chosen run: {', '.join(alike)}")
    if left_out:
        found.append(f"not considered: {', '.join(run.name for run in left_out)}: {left_out[0].artefact}")
    if part == "test" and runners_up:
        found.append("chosen on the test part, so the chosen run's test figures are no longer those of unseen frames")
    if not best.has_weights:
        found.append("the folder of the chosen run holds no weights, so it cannot predict; copy the whole run folder")
    return found


def _record(choice: Choice, output: Path) -> dict[str, Any]:
    return {
        "run": _relative(choice.run, output),
        "name": choice.run.name,
        "program": choice.run.kind,
        "weights": fingerprint(choice.run.weights) if choice.run.has_weights else None,
        "measure": choice.measure,
        "part": choice.part,
        "value": choice.value,
        "interval": choice.interval,
        "cautions": choice.cautions,
        "runners_up": [
            {
                "run": _relative(r.run, output),
                "name": r.run.name,
                "value": r.value,
                "interval": r.interval,
                "same_frames": r.same_frames,
                "worse_beyond_chance": r.worse,
            }
            for r in choice.runners_up
        ],
    }


def _relative(run: Run, output: Path) -> str:
    return Path(os.path.relpath(run.folder.resolve(), output.parent.resolve())).as_posix()


def _names(runs: Sequence[Run]) -> str:
    names = [run.name for run in runs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
