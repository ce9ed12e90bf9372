import numpy as np
import pytest

from antpipe.inference.classes import assign_classes, name_animals
from antpipe.inference.predictor import Found

NAN = np.nan


def assign(probabilities, confidence=None, **options):
    probabilities = np.array(probabilities, float).reshape(-1, 2)
    confidence = np.ones(len(probabilities)) if confidence is None else np.array(confidence)
    return assign_classes(probabilities, confidence, **options).tolist()


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([[0.9, 0.1], [0.2, 0.8]], [0, 1]),
        ([[0.1, 0.9], [0.8, 0.2]], [1, 0]),
        ([[0.9, 0.1], [0.6, 0.4]], [0, -1]),  # one of each class, and what is left over is not likely enough
        ([[0.6, 0.4], [0.9, 0.1]], [-1, 0]),
        ([[0.5, 0.5]], [0]),
        ([[0.49, 0.45]], [-1]),
        ([[0.0, 0.0], [0.0, 0.0]], [-1, -1]),
        ([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.1, 0.7]], [0, 1, -1, -1]),  # more animals than classes
        ([[0.6, 0.55], [0.9, 0.1]], [1, 0]),  # both at once, not one after the other
        ([[0.6, 0.4], [0.55, 0.0]], [0, -1]),  # an unlikely pair takes nothing from a likely one
        ([[NAN, NAN], [0.9, 0.1]], [-1, 0]),
        (np.zeros((0, 2)), []),
    ],
)
def test_each_class_goes_to_one_animal_that_is_likely_it(probabilities, expected):
    assert assign(probabilities) == expected


def test_a_clear_animal_is_chosen_before_a_faint_one_that_is_a_little_likelier():
    assert assign([[0.9999, 0], [0.999, 0]], [0.3, 1.0]) == [-1, 0]
    assert assign([[0.9999, 0], [0.999, 0]], [0.3, 1.0], as_sleap=True) == [0, -1]
    # Above 1 a peak is as clear as at 1.
    assert assign([[0.9, 0], [0.8, 0]], [1.0, 1.2]) == [0, -1]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([[0.01, 0.0]], [0]),  # be it ever so unlikely
        ([[0.9, 0.1], [0.6, 0.4]], [0, -1]),
        ([[0.6, 0.4], [0.55, 0.0]], [-1, 0]),  # 0.4 + 0.55 is the highest sum, of which 0.4 is not the likeliest
        (np.zeros((0, 2)), []),
    ],
)
def test_sleaps_assignment(probabilities, expected):
    assert assign(probabilities, as_sleap=True) == expected


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_of_many_assignments_it_is_the_best(classes):
    rng = np.random.default_rng(classes)
    for _ in range(50):
        probabilities, confidence = rng.random((4, classes)), rng.random(4)
        worth = np.where(probabilities >= 0.5, probabilities * confidence[:, None], 0)

        def best(rows, left, worth=worth):
            if not rows:
                return 0.0
            own = [worth[rows[0], c] + best(rows[1:], left - {c}) for c in left]
            return max([best(rows[1:], left), *own])

        found = assign_classes(probabilities, confidence)
        named = found[found >= 0]
        assert len(set(named.tolist())) == len(named)
        total = sum(worth[row, c] for row, c in enumerate(found) if c >= 0)
        assert total == pytest.approx(best([0, 1, 2, 3], frozenset(range(classes))))
        assert (probabilities[np.flatnonzero(found >= 0), named] >= 0.5).all()


def test_an_animal_without_a_name_stays():
    found = Found(np.zeros((3, 2, 2)), np.ones((3, 2)), np.array([1.0, 0.9, 0.8]))
    named = name_animals(found, np.array([[0.1, 0.7], [0.2, 0.8], [0.6, 0.4]]), ("queen", "worker"))
    # 0.7 of an animal that is surely there counts less than 0.8 of one that is there to 0.9.
    assert named.tracks == [None, "worker", "queen"]
    np.testing.assert_array_equal(named.tracking_scores, [NAN, 0.8, 0.6])
    np.testing.assert_array_equal(named.points, found.points)
    np.testing.assert_array_equal(named.instance_scores, found.instance_scores)


def test_a_frame_without_animals_has_no_names():
    nobody = Found(np.zeros((0, 2, 2)), np.zeros((0, 2)), np.zeros(0))
    named = name_animals(nobody, np.zeros((0, 3)), ("a", "b", "c"))
    assert named.tracks == []
    assert named.tracking_scores.shape == (0,)
