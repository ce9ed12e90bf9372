"""Each optimizer's steps, against its formula."""

from typing import get_args

import keras
import numpy as np
import pytest

from antpipe.config.optimization import OptimizationConfig
from antpipe.training.registry import OPTIMIZERS

RATE = 0.1
GRADIENTS = [2.0, -0.5, 0.01, 0.01]


def settings_of(name, **values):
    return OptimizationConfig(optimizer=name, learning_rate=RATE, **values)


def steps_of(optimizer, start=1.0):
    """Where a weight is after each gradient."""
    weight = keras.Variable(start)
    places = []
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        places.append(float(weight))
    return places


def adam_by_hand(*, amsgrad=False, decay=0.0):
    weight, m, v, most, places = 1.0, 0.0, 0.0, 0.0, []
    for t, gradient in enumerate(GRADIENTS, 1):
        weight -= RATE * decay * weight
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        most = max(most, v)
        rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weight -= rate * m / (np.sqrt(most if amsgrad else v) + 1e-8)
        places.append(weight)
    return places


def sgd_by_hand(momentum):
    weight, step, places = 1.0, 0.0, []
    for gradient in GRADIENTS:
        step = momentum * step - RATE * gradient
        weight += step
        places.append(weight)
    return places


def rmsprop_by_hand():
    weight, v, places = 1.0, 0.0, []
    for gradient in GRADIENTS:
        v = 0.9 * v + 0.1 * gradient**2
        weight -= RATE * gradient / np.sqrt(v + 1e-7)
        places.append(weight)
    return places


EXPECTED = {
    "adam": [({}, adam_by_hand())],
    "amsgrad": [({}, adam_by_hand(amsgrad=True))],
    "adamw": [({}, adam_by_hand(decay=0.004)), ({"weight_decay": 0.5}, adam_by_hand(decay=0.5))],
    "sgd": [({}, sgd_by_hand(0.9)), ({"momentum": 0.0}, sgd_by_hand(0.0)), ({"momentum": 0.5}, sgd_by_hand(0.5))],
    "rmsprop": [({}, rmsprop_by_hand())],
}


def test_every_optimizer_can_be_chosen_and_has_its_formula_here():
    assert set(get_args(OptimizationConfig.model_fields["optimizer"].annotation)) == set(OPTIMIZERS) == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "values", "places"), [(name, *case) for name, cases in EXPECTED.items() for case in cases]
)
def test_steps_are_those_of_the_formula(name, values, places):
    assert steps_of(OPTIMIZERS[name](settings_of(name, **values))) == pytest.approx(places, rel=1e-5)


def test_formulas_differ():
    found = [tuple(np.round(places, 6)) for cases in EXPECTED.values() for _, places in cases]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_learning_rate_can_be_set_between_steps(name):
    optimizer = OPTIMIZERS[name](settings_of(name))
    optimizer.learning_rate = 0.0
    assert steps_of(optimizer) == [1.0] * len(GRADIENTS)
