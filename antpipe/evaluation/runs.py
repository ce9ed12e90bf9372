"""Every training run below a folder, ours and SLEAP's: settings, training log, and what was measured."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from antpipe.errors import AntpipeError, ModelError
from antpipe.evaluation.part import Part, read_our_part
from antpipe.evaluation.run_files import LOG_FILE, Settings, read_log, read_our_settings, read_sleap_settings
from antpipe.evaluation.sleap_part import read_sleap_part
from antpipe.geometry import Array
from antpipe.labels.split import PARTS
from antpipe.models.spec import MODEL_FILE, SLEAP_CONFIG, SLEAP_WEIGHTS, WEIGHTS_FILE
from antpipe.progress import Advance

OURS, SLEAP = "antpipe", "SLEAP"
UNFINISHED = ".resume"
ARTEFACT = (
    "SLEAP evaluates a centroid model on true poses that it copies to the predicted centroids, so its figures say "
    "nothing about how well animals are found"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One trained model with all that its folder tells."""

    name: str
    """Path below the folder that was searched, with forward slashes."""
    folder: Path
    kind: str
    """`antpipe` or `SLEAP`."""
    settings: Settings
    parts: Mapping[str, Part]
    """What was measured on `train`, `val` and `test`, as far as there is something."""
    log: Mapping[str, Array]
    """Columns of the training log, (epochs,) each; none where there is no log."""

    @property
    def model_type(self) -> str:
        """Such as `centroid` or `centered_instance`."""
        return self.settings.model_type

    @property
    def artefact(self) -> str | None:
        """Why the stored figures of this run cannot be trusted, or None."""
        return ARTEFACT if self.kind == SLEAP and self.model_type == "centroid" else None

    @property
    def weights(self) -> Path:
        """The file of the weights, which need not be there."""
        return self.folder / (WEIGHTS_FILE if self.kind == OURS else SLEAP_WEIGHTS)

    @property
    def has_weights(self) -> bool:
        """Whether the folder holds the weights, so that the model can predict."""
        return self.weights.is_file()


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A folder or file that looked like part of a run and could not be used."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """The runs below a folder, by name, and what was left out."""

    runs: tuple[Run, ...]
    skipped: tuple[Skipped, ...]


def find_runs(folder: str | Path, on_progress: Advance = lambda done, total: None) -> Found:
    """Return every run below a folder, however deep; a run folder itself is a run, too.

    A folder with `model.json` is ours, one with `training_config.json` is SLEAP's. Links are followed, each place is
    visited once; hidden folders are those of unfinished work and are left out. What cannot be read is in `skipped`,
    and does not keep the others from being read.

    Args:
        folder: where to begin.
        on_progress: called with the runs read and the runs in all.

    Raises:
        ModelError: if the folder is not there, or there is no run that was evaluated.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ModelError(f"{root}: folder of models not found")
    runs: list[Run] = []
    skipped: list[Skipped] = []
    folders = [(path, _kind(path, names, skipped, root)) for path, names in _folders(root, skipped)]
    places = [(path, kind) for path, kind in folders if kind is not None]
    for done, (path, kind) in enumerate(places, 1):
        try:
            runs.append(_read_run(path, root, kind, skipped))
        except AntpipeError as error:
            skipped.append(_skipped(path, root, error))
        on_progress(done, len(places))
    if not runs:
        why = f"; left out: {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        raise ModelError(f"{root}: expected a run with metrics in it or below, found none{why}")
    return Found(runs=tuple(sorted(runs, key=lambda r: r.name)), skipped=tuple(sorted(skipped, key=lambda s: s.name)))


def _folders(root: Path, skipped: list[Skipped]) -> Iterator[tuple[Path, set[str]]]:
    """Yield every folder with the names in it. Not by recursion: folders may lie deeper than Python can call."""
    waiting, seen = [root], set()
    while waiting:
        path = waiting.pop()
        try:
            place = os.stat(path)
            if (place.st_dev, place.st_ino) in seen:
                continue
            seen.add((place.st_dev, place.st_ino))
            with os.scandir(path) as entries:
                found = [(entry.name, entry.is_dir()) for entry in entries]
        except OSError as error:
            skipped.append(Skipped(name=_name(path, root), reason=f"cannot be opened ({error.strerror})"))
            continue
        waiting += [path / name for name, is_folder in found if is_folder and not name.startswith(".")]
        yield path, {name for name, _ in found}


def _kind(path: Path, names: set[str], skipped: list[Skipped], root: Path) -> str | None:
    """Return whose run a folder is, or None."""
    evaluated = {_metrics_file(kind, part) for kind in (OURS, SLEAP) for part in PARTS}
    if UNFINISHED in names:
        reason = "the training is not finished; let it end, or run it again to go on"
    elif MODEL_FILE in names:
        return OURS
    elif SLEAP_CONFIG in names:
        return SLEAP
    elif "training_config.yaml" in names:
        reason = "a run of sleap-nn, which cannot be read; only those of SLEAP 1.x with training_config.json can"
    elif names & evaluated:
        reason = f"metrics without {MODEL_FILE} (ours) or {SLEAP_CONFIG} (SLEAP's); copy the whole run folder"
    else:
        return None
    skipped.append(Skipped(name=_name(path, root), reason=reason))
    return None


def _read_run(path: Path, root: Path, kind: str, skipped: list[Skipped]) -> Run:
    settings = read_our_settings(path) if kind == OURS else read_sleap_settings(path)
    parts = dict(_read_parts(path, root, kind, settings, skipped))
    if not parts:
        raise ModelError(f"{path}: no metrics; it is still being trained, or was not evaluated")
    try:
        log = read_log(path / LOG_FILE)
    except ModelError as error:
        skipped.append(_skipped(path / LOG_FILE, root, error))
        log = {}
    return Run(
        name=_name(path, root),
        folder=path,
        kind=kind,
        settings=settings,
        parts=parts,
        log=log,
    )


def _read_parts(
    path: Path, root: Path, kind: str, settings: Settings, skipped: list[Skipped]
) -> Iterator[tuple[str, Part]]:
    for name in PARTS:
        file = path / _metrics_file(kind, name)
        if not file.is_file():
            continue
        try:
            ours = kind == OURS
            part = read_our_part(file, settings.frames[name]) if ours else read_sleap_part(file, settings.nodes)
            if part is not None:
                yield name, part
        except ModelError as error:
            skipped.append(_skipped(file, root, error))


def _metrics_file(kind: str, part: str) -> str:
    return f"metrics.{part}.{'json' if kind == OURS else 'npz'}"


def _name(path: Path, root: Path) -> str:
    """Return the path below `root` as text that can be written anywhere: names of files need not be valid text."""
    name = path.relative_to(root).as_posix() if path != root else path.resolve().name
    return os.fsencode(name).decode("utf-8", errors="replace")


def _skipped(path: Path, root: Path, error: Exception) -> Skipped:
    # Within the reason, files are named from the run folder on.
    reason = str(error).removeprefix(f"{path}: ").replace(f"{path}{os.sep}", "")
    return Skipped(name=_name(path, root), reason=reason)
