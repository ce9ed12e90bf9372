"""Steps when memory is full: smaller parts, every sample once, a note, and an end that says what to do."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from drawn_animals import SKELETON, draw_frames

from antpipe.config.model import ModelConfig
from antpipe.errors import ResourceError
from antpipe.training.memory import run_in_parts
from antpipe.training.resume import Progress
from antpipe.training.train import train_model


def full():
    """The error that TensorFlow raises."""
    return tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[8,288,288,32]")


def batch_of(count):
    return np.arange(count), -np.arange(count)


def run_with(room, count, batch_size):
    """Run a batch where memory has room for so many samples; return the parts that ran, the progress and the notes."""
    ran, notes = [], []

    def run(part):
        images, truth = part
        assert (truth == -images).all()
        if len(images) > room:
            raise full()
        ran.append(images.tolist())
        return float(images.sum())

    progress = Progress(key="", batch_size=batch_size)
    given = list(run_in_parts(run, batch_of(count), progress, notes.append))
    assert given == [(float(sum(part)), len(part)) for part in ran]
    return ran, progress, notes


@pytest.mark.parametrize(
    ("room", "count", "batch_size", "parts"),
    [
        (8, 8, 8, [8]),
        (7, 8, 8, [4, 4]),
        (3, 8, 8, [2, 2, 2, 2]),
        (2, 5, 5, [2, 2, 1]),
        (1, 3, 3, [1, 1, 1]),
        (9, 5, 8, [5]),
        (3, 5, 8, [2, 2, 1]),  # the last batch of validation is smaller than the others
    ],
)
def test_every_sample_is_run_once_in_parts_that_fit(room, count, batch_size, parts):
    ran, progress, notes = run_with(room, count, batch_size)
    assert [len(part) for part in ran] == parts
    assert [sample for part in ran for sample in part] == list(range(count))
    assert progress.notes == notes
    assert progress.batch_size == (batch_size if not notes else parts[0])


def test_each_halving_is_noted_with_its_epoch():
    progress = Progress(key="", batch_size=8, log=[[0, 1.0, 1.0, 1.0]] * 3)
    errors = [full(), full()]

    def run(part):
        if errors:
            raise errors.pop()
        return 0.0

    list(run_in_parts(run, batch_of(8), progress, lambda note: None))
    assert progress.notes == [
        "memory was full in epoch 3: 8 samples at once became 4",
        "memory was full in epoch 3: 4 samples at once became 2",
    ]


def test_what_was_run_before_memory_was_full_is_not_run_again():
    sizes = []

    def run(part):
        sizes.append(part[0].tolist())
        if len(sizes) == 2:
            raise full()
        return 0.0

    list(run_in_parts(run, batch_of(8), Progress(key="", batch_size=4), lambda note: None))
    assert sizes == [[0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [6, 7]]


def test_a_sample_that_never_fits_ends_the_run_with_a_way_out():
    with pytest.raises(ResourceError, match=r"does not hold the network and a single sample; lower input.scale, input"):
        run_with(0, 8, 8)


def test_other_errors_are_not_taken_for_full_memory():
    def run(part):
        raise tf.errors.InvalidArgumentError(None, None, "shapes do not fit")

    with pytest.raises(tf.errors.InvalidArgumentError):
        list(run_in_parts(run, batch_of(8), Progress(key="", batch_size=4), lambda note: None))


def config_of(batch_size):
    return ModelConfig.model_validate(
        {
            "backbone": {"unet": {"max_stride": 2, "filters": 3}},
            "head": {"output_stride": 1, "sigma": 1.5},
            "optimization": {"batch_size": batch_size, "epochs": 2, "min_batches_per_epoch": 2},
        }
    )


FRAMES = draw_frames(5, 0, size=(48, 40), animals=1)


def train(folder):
    """Train with batches of five; return the notes and the log."""
    folder.mkdir()
    parts = {"train": FRAMES, "val": FRAMES}
    notes = train_model(
        parts, SKELETON, config_of(5), "centered_instance", folder, seed=0, on_progress=lambda done, total: None
    ).notes
    return notes, np.loadtxt(folder / "training_log.csv", delimiter=",", skiprows=1)


@pytest.mark.parametrize("during", ["train_on_batch", "test_on_batch"])
def test_training_goes_on_in_smaller_parts_and_says_so(tmp_path, monkeypatch, capsys, during):
    sizes = []
    real = getattr(keras.Model, during)

    def short_of_memory(self, images, *arguments, **values):
        if len(images) > 3:
            raise full()
        sizes.append(len(images))
        return real(self, images, *arguments, **values)

    monkeypatch.setattr(keras.Model, during, short_of_memory)
    notes, log = train(tmp_path / "run")
    assert notes == ("memory was full in epoch 0: 5 samples at once became 2",)
    assert f"note: {notes[0]}\n" in capsys.readouterr().err
    assert sizes == [2, 2, 1] * (2 * 2 if during == "train_on_batch" else 2)
    state = json.loads((tmp_path / "run" / ".resume" / "state.json").read_text())
    assert (state["batch_size"], state["notes"]) == (2, list(notes))
    monkeypatch.undo()
    _, undisturbed = train(tmp_path / "undisturbed")
    if during == "test_on_batch":
        # The mean over all samples is the same, whatever their parts.
        np.testing.assert_allclose(log[0], undisturbed[0], rtol=1e-5)
    else:
        assert np.isfinite(log).all()
        assert log[0, 1] != undisturbed[0, 1], "more and smaller steps are another run"
