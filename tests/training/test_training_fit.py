import csv
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from drawn_animals import SKELETON, draw_frames

from antpipe.config.model import ModelConfig
from antpipe.config.model_types import MODEL_TYPES
from antpipe.errors import ModelError
from antpipe.models.build import build_network
from antpipe.models.folder import load_model
from antpipe.training.batches import validation_batches
from antpipe.training.problem import prepare
from antpipe.training.resume import forget
from antpipe.training.train import train_model

STEPS, EPOCHS = 3, 4


def config_of(stacks=1, offsets=False, max_stride=2, **optimization):
    optimization = {"batch_size": 2, "epochs": EPOCHS, "min_batches_per_epoch": STEPS, **optimization}
    return ModelConfig.model_validate(
        {
            "backbone": {"unet": {"max_stride": max_stride, "filters": 3, "stacks": stacks}},
            "head": {"output_stride": 1, "sigma": 1.5, "offset_refinement": offsets},
            "augmentation": {"flip_horizontal": True, "gaussian_noise": [0, 5]},
            "optimization": optimization,
        }
    )


PARTS = {"train": draw_frames(3, 0, size=(48, 40), animals=1), "val": draw_frames(3, 1, size=(48, 40), animals=1)}


class Killed(BaseException):
    """Stands for the end of the process: nothing in the program catches it."""


def train(folder, config=None, *, seed=0, model_type="centered_instance", die_at=None):
    """Train, or die in the middle of the step whose number is given."""
    seen = []

    def on_progress(done, total):
        seen.append((done, total))
        if done == die_at:
            raise Killed

    folder.mkdir(exist_ok=True)
    config = config_of() if config is None else config
    model, *_ = train_model(PARTS, SKELETON, config, model_type, folder, seed=seed, on_progress=on_progress)
    return model, seen


def result(folder):
    """All that a run leaves: the log, and every weight as it is stored."""
    weights = load_model(folder).network.get_weights()
    return (folder / "training_log.csv").read_text(), [w.tobytes() for w in weights]


def log_of(folder):
    rows = list(csv.DictReader((folder / "training_log.csv").open()))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    model, seen = train(folder)
    return folder, model, seen


def test_two_runs_of_one_seed_are_the_same_to_the_last_bit(tmp_path, undisturbed):
    train(tmp_path / "again")
    assert result(tmp_path / "again") == result(undisturbed[0])


def test_the_model_holds_the_weights_of_its_layers_and_nothing_else(undisturbed):
    folder = undisturbed[0]
    with h5py.File(folder / "best.weights.h5") as file:
        stored = []
        file.visititems(lambda _, item: stored.append(item.size) if isinstance(item, h5py.Dataset) else None)
    assert sum(stored) == load_model(folder).network.count_params()


@pytest.mark.slow
def test_another_seed_is_another_run(tmp_path, undisturbed):
    train(tmp_path / "other", seed=1)
    log, weights = result(tmp_path / "other")
    assert log != result(undisturbed[0])[0]
    assert weights != result(undisturbed[0])[1]


LATER = [pytest.param(step, marks=pytest.mark.slow) for step in (1, STEPS, 2 * STEPS, 3 * STEPS + 1)]


@pytest.mark.parametrize("die_at", [STEPS + 2, *LATER])
def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_happened(tmp_path, undisturbed, die_at):
    folder = tmp_path / "run ü"
    with pytest.raises(Killed):
        train(folder, die_at=die_at)
    assert not (folder / "model.json").exists()
    model, seen = train(folder)
    done = (die_at - 1) // STEPS * STEPS
    assert seen[0] == (done + 1, STEPS * EPOCHS), "epochs that were done are not done again"
    assert result(folder) == result(undisturbed[0])
    for mine, stored in zip(model.network.get_weights(), undisturbed[1].network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, stored)


@pytest.mark.slow
def test_a_run_may_be_killed_again_and_again(tmp_path, undisturbed):
    for die_at in (2, STEPS + 1, 2 * STEPS + 3):
        with pytest.raises(Killed):
            train(tmp_path / "run", die_at=die_at)
    train(tmp_path / "run")
    assert result(tmp_path / "run") == result(undisturbed[0])


@pytest.mark.parametrize(
    ("config", "seed"),
    [
        (config_of(learning_rate=0.01), 0),
        pytest.param(config_of(), 1, marks=pytest.mark.slow),
        pytest.param(config_of(epochs=5), 0, marks=pytest.mark.slow),
    ],
    ids=["settings", "seed", "epochs"],
)
def test_the_state_of_another_run_is_not_used(tmp_path, undisturbed, config, seed):
    with pytest.raises(Killed):
        train(tmp_path / "run", config, seed=seed, die_at=2 * STEPS + 1)
    _, seen = train(tmp_path / "run")
    assert seen[0][0] == 1
    assert result(tmp_path / "run") == result(undisturbed[0])


@pytest.mark.slow
def test_the_state_of_other_images_is_not_used(tmp_path, monkeypatch):
    with pytest.raises(Killed):
        train(tmp_path / "run", die_at=2 * STEPS)
    monkeypatch.setitem(PARTS, "val", draw_frames(2, 9, size=(48, 40), animals=1))
    assert train(tmp_path / "run")[1][0][0] == 1


@pytest.mark.slow
def test_the_state_of_another_type_of_model_is_not_used(tmp_path):
    # Both learn from the same images and points, but the networks differ.
    config = config_of(max_stride=8)
    with pytest.raises(Killed):
        train(tmp_path / "run", config, die_at=2 * STEPS, model_type="single_instance")
    assert train(tmp_path / "run", config, model_type="multi_instance")[1][0][0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_state_that_cannot_be_read_is_not_used(tmp_path, undisturbed, content):
    with pytest.raises(Killed):
        train(tmp_path / "run", die_at=STEPS + 1)
    (tmp_path / "run" / ".resume" / "state.json").write_text(content)
    assert train(tmp_path / "run")[1][0][0] == 1
    assert result(tmp_path / "run") == result(undisturbed[0])


def test_a_run_out_of_time_is_finished_and_forgets_its_state(tmp_path):
    (tmp_path / ".resume.old.abc").mkdir()
    train(tmp_path, config_of(max_minutes=1e-9, epochs=50))
    assert len(log_of(tmp_path)["epoch"]) == 1, "training ends with the epoch that passes the time"
    assert (tmp_path / ".resume" / "now.weights.h5").is_file()
    forget(tmp_path)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == ["best.weights.h5", "model.json", "training_log.csv"]


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    with pytest.raises(ModelError, match=r"the loss is no longer a number in epoch \d+; lower learning_rate") as error:
        train(tmp_path, config_of(learning_rate=1e25))
    assert str(tmp_path) in str(error.value)
    assert not (tmp_path / "model.json").exists()


def loss_by_hand(predicted, truth, config):
    """The mean over samples of the mean squared difference from the true maps of the only animal."""
    stride, sigma = config.head.output_stride, config.head.sigma
    down, across = np.mgrid[: predicted.shape[1], : predicted.shape[2]]
    (points,) = np.moveaxis(truth.astype(float), 1, 0)
    x, y = points[:, None, None, :, 0] / stride, points[:, None, None, :, 1] / stride
    target = np.exp(-((across[None, ..., None] - x) ** 2 + (down[None, ..., None] - y) ** 2) / (2 * sigma**2))
    return ((predicted - np.nan_to_num(target)) ** 2).mean()


@pytest.mark.parametrize("learning_rate", [0.03, pytest.param(0.001, marks=pytest.mark.slow)])
def test_the_best_epochs_weights_are_kept_and_its_loss_is_the_mean_over_all_samples(tmp_path, learning_rate):
    config = config_of(learning_rate=learning_rate, epochs=5)
    model, _ = train(tmp_path / "run", config)
    problem = prepare(PARTS, SKELETON, config, "centered_instance")
    found = list(validation_batches(problem.val, size=problem.size, batch_size=2))
    assert [len(images) for images, _ in found] == [2, 1]
    images, truth = (np.concatenate(parts) for parts in zip(*found, strict=True))
    loss = loss_by_hand(model.network.predict_on_batch(images), truth, config)
    assert log_of(tmp_path / "run")["val_loss"].min() == pytest.approx(loss, rel=1e-5)


def test_the_learning_rate_falls_and_training_stops_as_the_plateau_says(tmp_path):
    optimization = {
        "epochs": 30,
        "plateau": {"patience": 2, "cooldown": 0, "min_delta": 1.0, "min_learning_rate": 2e-4},
        "early_stopping": {"patience": 7, "min_delta": 1.0},
    }
    train(tmp_path / "run", config_of(**optimization))
    log = log_of(tmp_path / "run")
    # No loss falls by 1: the first epoch is the best, the rate halves after every second epoch without progress.
    np.testing.assert_allclose(log["lr"], [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 2e-4])
    assert log["epoch"].tolist() == list(range(8))


def test_the_learning_rate_follows_the_cosine_step_by_step(tmp_path, monkeypatch):
    rates = []
    train_on_batch = keras.Model.train_on_batch

    def spy(self, *arguments, **values):
        rates.append(float(self.optimizer.learning_rate))
        return train_on_batch(self, *arguments, **values)

    monkeypatch.setattr(keras.Model, "train_on_batch", spy)
    cosine = {"warmup_epochs": 1, "min_learning_rate": 0}
    train(tmp_path / "run", config_of(epochs=3, schedule="cosine", cosine=cosine, learning_rate=0.03, optimizer="sgd"))
    fall = [0.015 * (1 + np.cos(np.pi * step / 6)) for step in range(1, 7)]
    np.testing.assert_allclose(rates, [0.01, 0.02, 0.03, *fall], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(log_of(tmp_path / "run")["lr"], [0.03, 0.015, 0], atol=1e-9)


@pytest.mark.parametrize(
    "optimization",
    [{"optimizer": "amsgrad"}, {"optimizer": "sgd", "schedule": "cosine", "cosine": {"warmup_epochs": 1}}],
    ids=["amsgrad", "sgd and cosine"],
)
@pytest.mark.slow
def test_what_an_optimizer_remembers_survives_the_death_of_the_process(tmp_path, optimization):
    config = config_of(**optimization)
    train(tmp_path / "whole", config)
    with pytest.raises(Killed):
        train(tmp_path / "killed", config, die_at=2 * STEPS + 2)
    train(tmp_path / "killed", config)
    assert result(tmp_path / "killed") == result(tmp_path / "whole")


TYPES = [(name, "float32") for name in MODEL_TYPES]
TYPES += [("centered_instance", "mixed_bfloat16"), ("multi_class_topdown", "mixed_bfloat16")]


@pytest.mark.slow
@pytest.mark.parametrize(("model_type", "precision"), TYPES)
def test_every_type_of_model_is_the_same_to_the_last_bit_and_learns(tmp_path, monkeypatch, model_type, precision):
    animals = 1 if model_type == "single_instance" else 2
    frames = [replace(f, tracks=("ant a", "ant b")[:animals]) for f in draw_frames(6, 0, animals=animals)]
    monkeypatch.setitem(PARTS, "train", frames[:4])
    monkeypatch.setitem(PARTS, "val", frames[4:])
    config = config_of(max_stride=16, epochs=1, precision=precision)
    model, _ = train(tmp_path / "first", config, model_type=model_type)
    train(tmp_path / "again", config, model_type=model_type)
    assert result(tmp_path / "first") == result(tmp_path / "again")
    keras.utils.set_random_seed(0)
    start = build_network(model.spec)
    assert all(w.dtype == "float32" for w in start.weights)
    for before, after in zip(start.trainable_variables, model.network.trainable_variables, strict=True):
        assert not np.array_equal(before.numpy(), after.numpy()), before.path
    assert np.isfinite(log_of(tmp_path / "first")["val_loss"]).all()


@pytest.mark.parametrize("model_type", [pytest.param("centroid", marks=pytest.mark.slow), "centered_instance"])
def test_several_stacks_learn_the_same(tmp_path, model_type):
    config = config_of(stacks=2, epochs=1)
    model, _ = train(tmp_path / "run", config, model_type=model_type)
    problem = prepare(PARTS, SKELETON, config, model_type)
    ((images, truth), *_) = validation_batches(problem.val, size=problem.size, batch_size=8)
    maps = model.network.predict_on_batch(images)
    assert len(maps) == 2
    losses = [loss_by_hand(m, truth, config) for m in maps]
    assert log_of(tmp_path / "run")["val_loss"][0] == pytest.approx(sum(losses), rel=1e-4)
    keras.utils.set_random_seed(0)
    start = build_network(problem.spec)
    moved = [
        not np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(start.trainable_variables, model.network.trainable_variables, strict=True)
    ]
    assert all(moved), "every layer of both stacks is trained"


def offset_loss_by_hand(predicted, truth, config):
    """The mean over samples of the mean squared difference from the way to the only animal's nodes, where it is near.

    For an output stride of 1.
    """
    down, across = np.mgrid[: predicted.shape[1], : predicted.shape[2]]
    (points,) = np.moveaxis(truth.astype(float), 1, 0)
    way = points[:, None, None, :, :2] - np.stack([across, down], axis=-1)[None, :, :, None]
    near = np.exp(-(way**2).sum(axis=-1, keepdims=True) / (2 * config.head.sigma**2)) > 0.2
    target = np.where(near, way, 0).reshape(predicted.shape)
    return ((predicted - target) ** 2).mean()


@pytest.mark.parametrize("stacks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_network_with_offsets_learns_both(tmp_path, stacks):
    config = config_of(stacks, offsets=True, epochs=2)
    model, _ = train(tmp_path / "run", config)
    problem = prepare(PARTS, SKELETON, config, "centered_instance")
    ((images, truth),) = validation_batches(problem.val, size=problem.size, batch_size=8)
    outputs = model.network.predict_on_batch(images)
    assert len(outputs) == 2 * stacks
    losses = [loss_by_hand(maps, truth, config) for maps in outputs[:stacks]]
    losses += [offset_loss_by_hand(offsets, truth, config) for offsets in outputs[stacks:]]
    assert log_of(tmp_path / "run")["val_loss"].min() == pytest.approx(sum(losses), rel=1e-4)
    keras.utils.set_random_seed(0)
    start = build_network(problem.spec)
    moved = [
        not np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(start.trainable_variables, model.network.trainable_variables, strict=True)
    ]
    assert all(moved), "every layer of both heads is trained"
    assert load_model(tmp_path / "run").spec.config.head.offset_refinement


@pytest.mark.slow
@pytest.mark.parametrize("optimization", [{"hard_keypoints": {"enabled": True}}, {"precision": "mixed_bfloat16"}])
def test_options_of_training_run(tmp_path, undisturbed, optimization):
    train(tmp_path / "run", config_of(**optimization))
    log = log_of(tmp_path / "run")
    assert np.isfinite(log["loss"]).all()
    assert log["loss"].tolist() != log_of(undisturbed[0])["loss"].tolist()


@pytest.mark.slow
def test_an_epoch_has_as_many_steps_as_the_samples_give(tmp_path):
    _, seen = train(tmp_path / "run", config_of(min_batches_per_epoch=1, batch_size=1, epochs=2))
    assert seen[-1] == (6, 6)  # three animals, one by one, twice


TRAIN = """
    import sys
    sys.path.insert(0, sys.argv[2])
    import test_training_fit as t
    from pathlib import Path
    t.train(Path(sys.argv[1]))
"""
KILL = """
    import os, signal
    from antpipe import files
    from pathlib import Path
    replace, count = os.replace, 0

    def replace_or_die(source, target):
        global count
        if Path(target).name == ".resume":
            count += 1
            if count == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    files.os.replace = replace_or_die
"""


def train_apart(folder, program):
    """Train in a process of its own; return how it ended."""
    command = [sys.executable, "-c", textwrap.dedent(program), str(folder), str(Path(__file__).parent)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    return subprocess.run(command, env=environment, capture_output=True).returncode


@pytest.mark.slow
def test_a_process_killed_while_it_stores_its_state_loses_nothing_but_time(tmp_path):
    # At the worst moment: the old state is out of its place and the new one not yet in. All in processes alike, because
    # the last bits depend on the number of threads, which this process may have changed.
    assert train_apart(tmp_path / "run", KILL + TRAIN) == -signal.SIGKILL
    assert train_apart(tmp_path / "run", TRAIN) == train_apart(tmp_path / "whole", TRAIN) == 0
    assert result(tmp_path / "run") == result(tmp_path / "whole")
