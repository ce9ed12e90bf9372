import numpy as np
import pytest

from antpipe.targets.class_maps import class_maps

NAN = np.nan
ROWS, COLUMNS = 9, 12


def closed_form(points, numbers, classes, sigma):
    """SLEAP's definition, in double precision: shares of instances above 0.2, one-hot by class, the highest of all."""
    down, across = np.mgrid[:ROWS, :COLUMNS]
    maps = np.zeros((len(points), ROWS, COLUMNS, classes))
    for sample, instances in enumerate(points.astype(float)):
        squared = [(across - x) ** 2 + (down - y) ** 2 for x, y in instances.reshape(-1, 2)]
        heights = np.nan_to_num(np.exp(-np.array(squared) / (2 * sigma**2)))
        heights = heights.reshape(*instances.shape[:2], ROWS, COLUMNS).max(axis=1)
        for number, height in zip(numbers[sample], heights, strict=True):
            share = np.where(height > 0.2, height / np.maximum(heights.sum(axis=0), 1e-30), 0)
            if number >= 0:
                maps[sample, :, :, number] = np.maximum(maps[sample, :, :, number], share)
    return maps


@pytest.mark.parametrize("sigma", [0.6, 1.5, 3.0])
@pytest.mark.parametrize("numbers", [(0, 1, 2), (2, 0, 1), (0, -1, 2), (1, 1, 1), (-1, -1, -1)])
def test_maps_are_those_of_the_closed_form(sigma, numbers):
    points = np.random.default_rng(0).uniform(0, 10, (2, 3, 2, 2)).astype(np.float32)
    points[0, 1, 0] = points[1, 2] = NAN
    maps, near = class_maps(points, np.array([numbers, numbers], np.float32), 3, ROWS, COLUMNS, sigma)
    expected = closed_form(points, [numbers, numbers], 3, sigma)
    np.testing.assert_allclose(np.asarray(maps), expected, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(near), expected.max(axis=-1) > 0)


def test_a_cell_between_two_animals_belongs_half_to_each():
    points = np.array([[[[3.0, 4.0]], [[7.0, 4.0]]]], np.float32)
    maps, near = (np.asarray(part) for part in class_maps(points, np.array([[1, 0]]), 2, ROWS, COLUMNS, 1.5))
    assert maps[0, 4, 5] == pytest.approx([0.5, 0.5])
    assert maps[0, 4, 3] == pytest.approx([np.exp(-16 / 4.5), 1], abs=0.03)
    assert near[0, 4, 11] == 0
    assert maps[0, 4, 11].tolist() == [0, 0]


def test_an_animal_whose_class_is_not_known_takes_its_share_and_is_nobody():
    points = np.array([[[[3.0, 4.0]], [[4.0, 4.0]], [[9.0, 4.0]]]], np.float32)
    maps, near = (np.asarray(part) for part in class_maps(points, np.array([[0, -1, -1]]), 2, ROWS, COLUMNS, 1.5))
    height = np.exp(-1 / 4.5)
    assert maps[0, 4, 3] == pytest.approx([1 / (1 + height), 0], abs=1e-3)
    assert near[0, 4, 9] == 0


@pytest.mark.parametrize("instances", [1, 4])
def test_frames_without_animals_are_empty(instances):
    points = np.full((2, instances, 3, 2), NAN, np.float32)
    maps, near = class_maps(points, np.full((2, instances), -1.0), 2, ROWS, COLUMNS, 1.5)
    assert np.asarray(maps).shape == (2, ROWS, COLUMNS, 2)
    assert not np.asarray(maps).any()
    assert not np.asarray(near).any()
