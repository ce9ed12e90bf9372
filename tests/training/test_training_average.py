import keras
import numpy as np
import pytest

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.average import averaged
from antpipe.training.registry import OPTIMIZERS


def learner_of(optimizer, **settings):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="ones")])
    config = OptimizationConfig(optimizer=optimizer, learning_rate=0.1, **settings)
    model.compile(OPTIMIZERS[optimizer](config), loss="mean_squared_error")
    return model


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_average_takes_the_place_of_the_weights_and_gives_it_back(optimizer):
    learner, rng = learner_of(optimizer, ema_momentum=0.7), np.random.default_rng(0)
    expected = None
    for _ in range(5):
        learner.train_on_batch(rng.normal(size=(4, 3)), rng.normal(size=(4, 2)))
        weights = learner.get_weights()
        expected = weights if expected is None else [0.7 * e + 0.3 * w for e, w in zip(expected, weights, strict=True)]
    with averaged(learner):
        for average, value, weight in zip(learner.get_weights(), expected, weights, strict=True):
            np.testing.assert_allclose(average, value, rtol=1e-5)
            assert not np.allclose(average, weight, rtol=1e-3)
    for now, before in zip(learner.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)


def test_the_weights_come_back_after_an_error():
    learner = learner_of("sgd", ema_momentum=0.7)
    for _ in range(2):
        learner.train_on_batch(np.ones((1, 3)), np.zeros((1, 2)))
    before = learner.get_weights()
    with pytest.raises(KeyboardInterrupt), averaged(learner):
        raise KeyboardInterrupt
    np.testing.assert_array_equal(learner.get_weights()[0], before[0])


def test_without_an_average_the_weights_stay():
    learner = learner_of("sgd", ema_momentum=None)
    learner.train_on_batch(np.ones((1, 3)), np.zeros((1, 2)))
    before = learner.get_weights()
    with averaged(learner):
        np.testing.assert_array_equal(learner.get_weights()[0], before[0])
