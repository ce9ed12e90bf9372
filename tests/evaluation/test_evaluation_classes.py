import numpy as np
import pytest
from drawn_frames import animals, frame

from antpipe.evaluation.classes import class_metrics

CLASSES = ("queen", "worker", "soldier")


def metrics(truth, predicted, classes=CLASSES):
    return {name.removeprefix("identity."): value for name, value in class_metrics(truth, predicted, classes).items()}


def test_names_count_for_the_animals_that_were_found():
    truth = [
        frame(animals(0, 2, 4), 0, tracks=["queen", "worker", "soldier"]),
        frame(animals(0, 2), 1, tracks=["queen", "worker"]),
        frame(animals(0), 2, tracks=["worker"]),  # a frame without prediction
    ]
    predicted = [
        frame(animals(4, 0, 2, shift=1.0), 0, tracks=["soldier", "worker", "queen"]),  # in another order, two swapped
        frame(animals(0, 9, shift=1.0), 1, tracks=["queen", "worker"]),  # one missed, and one that is not there
    ]
    found = metrics(truth, predicted)
    assert found["classes"] == list(CLASSES)
    assert found["confusion"].tolist() == [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    assert found["accuracy"] == pytest.approx(2 / 4)
    assert found["named"] == 1
    assert found["unknown"] == 0


def test_an_animal_without_a_name_is_not_right():
    truth = [frame(animals(0, 2), tracks=["queen", "worker"])]
    found = metrics(truth, [frame(animals(0, 2), tracks=[None, "worker"])])
    assert found["confusion"].tolist() == [[0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert (found["accuracy"], found["named"]) == (0.5, 0.5)


@pytest.mark.parametrize("name", [None, "stranger"])
def test_an_animal_whose_name_the_labels_do_not_say_does_not_count(name):
    truth = [frame(animals(0, 2), tracks=[name, "worker"])]
    found = metrics(truth, [frame(animals(0, 2), tracks=["queen", "worker"])])
    assert (found["accuracy"], found["unknown"], found["confusion"].sum()) == (1.0, 1, 1)


def test_labels_without_tracks_say_nothing():
    truth = [frame(animals(0, 2))]
    truth = [type(truth[0])(**{**vars(truth[0]), "tracks": ()})]
    found = metrics(truth, [frame(animals(0, 2), tracks=["queen", "worker"])])
    assert np.isnan(found["accuracy"])
    assert found["unknown"] == 2


@pytest.mark.parametrize("predicted", [[], [frame(animals())], [frame(animals(7), tracks=["queen"])]])
def test_where_nobody_is_found_nobody_is_named(predicted):
    found = metrics([frame(animals(0), tracks=["queen"])], predicted)
    assert np.isnan(found["accuracy"])
    assert np.isnan(found["named"])
    assert not found["confusion"].any()


def test_hidden_animals_keep_the_others_names():
    hidden = np.full((1, 3, 2), np.nan)
    truth = [frame(np.concatenate([hidden, animals(0, 2)]), tracks=["soldier", "queen", "worker"])]
    predicted = [frame(np.concatenate([animals(2), hidden, animals(0)]), tracks=["worker", "soldier", "queen"])]
    assert metrics(truth, predicted)["confusion"].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
