import csv
import json
from dataclasses import asdict

import pytest

from antpipe.config.model import EarlyStoppingConfig, PlateauConfig
from antpipe.config.sleap import read_sleap_config
from antpipe.training.plateau import Plateau

SCHEDULE = PlateauConfig(factor=0.5, patience=2, cooldown=3, min_delta=0.1, min_learning_rate=1e-4)
NEVER = EarlyStoppingConfig(patience=1000)


def run(losses, schedule=SCHEDULE, stopping=NEVER, first=1.0):
    """The learning rate of each epoch, and the epoch after which training stops."""
    plateau, rates = Plateau(first), []
    for epoch, loss in enumerate(losses):
        rates.append(plateau.learning_rate)
        if plateau.update(loss, schedule, stopping):
            return rates, epoch
    return rates, None


@pytest.mark.parametrize(
    ("losses", "rates"),
    [
        ([5, 4, 3, 2, 1], [1, 1, 1, 1, 1]),
        ([5, 5, 5, 5], [1, 1, 1, 0.5]),  # two epochs without progress
        ([5, 4.95, 4.92, 4.91], [1, 1, 1, 0.5]),  # less than min_delta is no progress
        ([5, 5, 4, 4, 4, 4], [1, 1, 1, 1, 1, 0.5]),  # progress starts the wait again
        # After the drop the next epochs do not count: the third of the cooldown already waits, as in Keras.
        ([5] * 9, [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]),
    ],
)
def test_the_learning_rate_falls_when_the_loss_does_not(losses, rates):
    assert run(losses)[0] == rates


def test_the_learning_rate_has_a_floor():
    assert run([5.0] * 200)[0][-1] == 1e-4


@pytest.mark.parametrize(
    ("losses", "patience", "delta", "stop"),
    [
        ([5, 4, 3, 2], 1, 0.0, None),
        ([5, 5], 1, 0.0, 1),
        ([5, 5, 5, 5], 3, 0.0, 3),
        ([5, 4.95, 4.85, 4.8], 3, 0.1, None),  # 4.85 is 0.15 below the best
        ([5, 4.95, 4.92, 4.91], 3, 0.1, 3),
        ([5, float("inf"), 4], 2, 0.0, None),
    ],
)
def test_training_stops_after_patience_epochs_without_progress(losses, patience, delta, stop):
    assert run(losses, stopping=EarlyStoppingConfig(patience=patience, min_delta=delta))[1] == stop


def test_the_best_loss_is_the_lowest_however_small_the_step():
    plateau = Plateau(1.0)
    for loss in (5.0, 4.999, 6.0):
        plateau.update(loss, SCHEDULE, NEVER)
    assert plateau.best == 4.999


def test_the_state_survives_a_file():
    plateau = Plateau(1.0)
    for loss in (5, 5, 5, 4, 4.5):
        plateau.update(loss, SCHEDULE, NEVER)
    again = Plateau(**json.loads(json.dumps(asdict(plateau))))
    assert again == plateau
    for loss in (4.5, 4.4, 4.4):
        assert again.update(loss, SCHEDULE, NEVER) == plateau.update(loss, SCHEDULE, NEVER)
        assert again == plateau


def logs(shared_data):
    """Every training log of a model type that we read, with its settings."""
    for path in sorted(shared_data.glob("*_models/**/training_log.csv")):
        if path.parent.name.split(".UNet.")[-1] in ("bottomup", "single_instance"):
            continue
        rows = list(csv.DictReader(path.open()))
        yield path.parent.name, read_sleap_config(path.parent / "training_config.json"), rows


def test_sleaps_training_logs_are_replayed(shared_data):
    replayed = 0
    for name, config, rows in logs(shared_data):
        optimization = config.model.optimization
        losses = [float(row["val_loss"]) for row in rows]
        rates, stop = run(losses, optimization.plateau, optimization.early_stopping, optimization.learning_rate)
        assert rates == pytest.approx([float(row["lr"]) for row in rows], rel=1e-6), name
        assert stop == (len(rows) - 1 if len(rows) < optimization.epochs else None), name
        replayed += 1
    assert replayed == 14


def test_the_ant_models_stopped_where_their_patience_says(shared_data):
    for name, config, rows in logs(shared_data):
        if "minimal" not in name:
            losses = [float(row["val_loss"]) for row in rows]
            assert len(losses) == losses.index(min(losses)) + (21 if config.model_type == "centroid" else 11), name
