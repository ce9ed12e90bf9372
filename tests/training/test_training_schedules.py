"""The learning rate of each epoch, and the epoch after which training stops."""

import csv
import math
from typing import get_args

import pytest

from antpipe.config.optimization import EarlyStoppingConfig, OptimizationConfig
from antpipe.config.sleap import read_sleap_config
from antpipe.training.early_stopping import should_stop
from antpipe.training.registry import SCHEDULES

PLATEAU = {"factor": 0.5, "patience": 2, "cooldown": 3, "min_delta": 0.1, "min_learning_rate": 1e-4}


def settings_of(schedule, **values):
    return OptimizationConfig(schedule=schedule, **{"learning_rate": 1.0, "epochs": 10, **values})


def rates_of(losses, config):
    """The learning rate at the end of each epoch."""
    schedule = SCHEDULES[config.schedule]
    return [schedule(config, losses[:epoch], epoch + 1) for epoch in range(len(losses))]


def stop_of(losses, config):
    return next((epoch for epoch in range(len(losses)) if should_stop(losses[: epoch + 1], config)), None)


def test_every_schedule_can_be_chosen():
    assert set(get_args(OptimizationConfig.model_fields["schedule"].annotation)) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_gives_rates_up_to_the_first_one(name):
    config = settings_of(name, learning_rate=0.3, epochs=8)
    for losses in ([5.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5], [5.0] * 8):
        for epoch in range(8):
            for part in (0.01, 0.5, 1.0):
                rate = SCHEDULES[name](config, losses[:epoch], epoch + part)
                assert 0 < rate <= 0.3
                assert rate == SCHEDULES[name](config, losses[:epoch], epoch + part), "it follows from losses and epoch"


def test_a_constant_rate_never_changes():
    assert rates_of([5.0] * 30, settings_of("constant")) == [1.0] * 30


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [
        (0.0, 0.0),
        (0.5, 0.25),  # a straight line to the end of the second epoch
        (2.0, 1.0),
        (4.0, 0.2 + 0.8 * (1 + math.sqrt(0.5)) / 2),  # a quarter of the way: cos(45 degrees)
        (6.0, 0.6),
        (8.0, 0.2 + 0.8 * (1 - math.sqrt(0.5)) / 2),
        (10.0, 0.2),
    ],
)
def test_a_cosine_rises_in_a_line_and_falls_to_its_lowest(epoch, rate):
    config = settings_of("cosine", cosine={"warmup_epochs": 2, "min_learning_rate": 0.2})
    assert SCHEDULES["cosine"](config, [], epoch) == pytest.approx(rate, abs=1e-12)


def test_a_cosine_without_warmup_begins_at_its_highest():
    config = settings_of("cosine", cosine={"warmup_epochs": 0, "min_learning_rate": 0})
    assert [SCHEDULES["cosine"](config, [], epoch) for epoch in (0, 5, 10)] == pytest.approx([1, 0.5, 0])


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
    assert rates_of(losses, settings_of("plateau", plateau=PLATEAU)) == rates


@pytest.mark.parametrize(("first", "last"), [(1.0, 1e-4), (1e-5, 1e-5)])
def test_the_learning_rate_falls_to_its_floor_and_never_rises(first, last):
    rates = rates_of([5.0] * 100, settings_of("plateau", plateau=PLATEAU, learning_rate=first))
    assert rates[-1] == last
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(
    ("losses", "patience", "delta", "stop"),
    [
        ([5, 4, 3, 2], 1, 0.0, None),
        ([5, 5], 1, 0.0, 1),
        ([5, 5, 5, 5], 3, 0.0, 3),
        ([5, 4.95, 4.85, 4.8], 3, 0.1, None),  # 4.85 is 0.15 below the best
        ([5, 4.95, 4.92, 4.91], 3, 0.1, 3),
        ([5, float("inf"), 4], 2, 0.0, None),
        ([5] * 100, None, 0.0, None),
    ],
)
def test_training_stops_after_patience_epochs_without_progress(losses, patience, delta, stop):
    assert stop_of(losses, EarlyStoppingConfig(patience=patience, min_delta=delta)) == stop


def logs(shared_data):
    """Every training log of a model type that SLEAP trained with these rules, with its settings."""
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
        assert rates_of(losses, optimization) == pytest.approx([float(row["lr"]) for row in rows], rel=1e-6), name
        stop = stop_of(losses, optimization.early_stopping)
        assert stop == (len(rows) - 1 if len(rows) < optimization.epochs else None), name
        replayed += 1
    assert replayed == 14


def test_the_ant_models_stopped_where_their_patience_says(shared_data):
    for name, config, rows in logs(shared_data):
        if "minimal" not in name:
            losses = [float(row["val_loss"]) for row in rows]
            assert len(losses) == losses.index(min(losses)) + (21 if config.model_type == "centroid" else 11), name
