import keras
import pytest

from antpipe.config.inference import PredictConfig
from antpipe.inference import engine


@pytest.mark.parametrize(
    ("gpus", "given", "sizes", "at_once"),
    [
        ([], {}, (1, 8), 3),
        ([], {"batch_size": 5}, (5, 8), 3),
        (["GPU:0"], {}, (16, 64), 1),
        (["GPU:0"], {"crop_batch_size": 7}, (16, 7), 1),
    ],
)
def test_batches_suit_the_machine_unless_they_are_given(monkeypatch, gpus, given, sizes, at_once):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", {"GPU": gpus}.get)
    monkeypatch.setattr(engine, "cores", lambda: 3)
    config = engine.with_batches(PredictConfig(**given, peak_threshold=0.3))
    assert (config.batch_size, config.crop_batch_size, engine.batches_at_once()) == (*sizes, at_once)
    assert config.peak_threshold == 0.3


def test_other_backends_get_one_large_batch_after_the_other(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert engine.with_batches(PredictConfig()).batch_size == 16
    assert engine.batches_at_once() == 1
