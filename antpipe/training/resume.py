"""What a run has to remember between two epochs, and the folder from which a killed run goes on."""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras

from antpipe.files import atomic_directory, read_json, write_json
from antpipe.training.average import averaged

FOLDER = ".resume"
BEST, NOW, STATE = "best.weights.h5", "now.weights.h5", "state.json"


@dataclass(kw_only=True)
class Progress:
    """All that a run has to remember, besides the variables of network and optimizer."""

    key: str
    """Hash of all that determines the run; a state of another run is not used."""
    batch_size: int
    """Most samples per step; halved where memory does not hold so many."""
    stopped: bool = False
    log: list[list[float]] = field(default_factory=list)
    """One row of `fit.LOG_COLUMNS` per epoch."""
    notes: list[str] = field(default_factory=list)
    """What the user should know of how training went."""

    @property
    def epoch(self) -> int:
        """Number of epochs done, and of the present one."""
        return len(self.log)

    @property
    def validation_losses(self) -> list[float]:
        """One per epoch done."""
        return [row[2] for row in self.log]


def save_progress(folder: Path, progress: Progress, learner: keras.Model, better: keras.Model | None) -> None:
    """Replace the state stored in a run folder by the present one; it is old or new, never half of each.

    Args:
        folder: the run folder.
        progress: what to remember.
        learner: the network with its optimizer.
        better: the network, if its weights, or their average, are the best so far.
    """
    resume = folder / FOLDER
    with atomic_directory(resume) as temporary:
        learner.save_weights(temporary / NOW)
        if better is None:
            shutil.copyfile(resume / BEST, temporary / BEST)
        else:
            with averaged(learner):
                better.save_weights(temporary / BEST)
        write_json(temporary / STATE, asdict(progress))


def load_progress(folder: Path, key: str, learner: keras.Model) -> Progress | None:
    """Return the stored state of the same run, with weights and optimizer back in place; None where there is none."""
    try:
        value = read_json(folder / FOLDER / STATE)
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not isinstance(value, dict) or value.get("key") != key:
        return None
    learner.load_weights(folder / FOLDER / NOW)
    return Progress(**value)


def load_best(folder: Path, network: keras.Model) -> None:
    """Set the best weights so far."""
    network.load_weights(folder / FOLDER / BEST)


def forget(folder: Path) -> None:
    """Remove the state to go on from, once the run is complete, and what killed runs left beside it."""
    for left in folder.glob(f".*{FOLDER.removeprefix('.')}*"):
        shutil.rmtree(left, ignore_errors=True)
