import numpy as np
import pytest

from antpipe.targets.confidence_maps import confidence_maps

NAN = np.nan


def closed_form(x, y, rows, columns, sigma):
    """exp(-((x - x0)^2 + (y - y0)^2) / (2 sigma^2)) at every cell, in double precision."""
    down, across = np.mgrid[:rows, :columns]
    return np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * sigma**2))


def as_points(points):
    return np.asarray(points, np.float32)


@pytest.mark.parametrize("sigma", [0.5, 1.5, 2.5, 10.0])
def test_a_map_is_a_gaussian_of_height_one_around_its_point(sigma):
    points = as_points([[[[4.0, 3.0], [7.25, -1.5]]], [[[0.0, 0.0], [30.0, 5.5]]]])
    maps = np.asarray(confidence_maps(points, 9, 12, sigma))
    assert maps.shape == (2, 9, 12, 2)
    for sample in range(2):
        for node in range(2):
            expected = closed_form(*points[sample, 0, node], 9, 12, sigma)
            np.testing.assert_allclose(maps[sample, :, :, node], expected, atol=1e-6)
    assert maps[0, 3, 4, 0] == 1


@pytest.mark.parametrize("missing", [[NAN, NAN], [NAN, 3.0], [3.0, NAN]])
def test_a_point_that_is_not_visible_gives_zeros(missing):
    maps = np.asarray(confidence_maps(as_points([[[missing, [2.0, 2.0]]]]), 6, 7, 1.5))
    assert not maps[..., 0].any()
    np.testing.assert_allclose(maps[0, :, :, 1], closed_form(2, 2, 6, 7, 1.5), atol=1e-6)


def test_the_map_of_several_instances_is_the_highest_of_their_own():
    points = as_points([[[[3.0, 2.0]], [[5.5, 4.0]], [[NAN, NAN]]], [[[NAN, NAN]]] * 3])
    maps = np.asarray(confidence_maps(points, 8, 10, 1.5))
    assert maps.shape == (2, 8, 10, 1)
    expected = np.maximum(closed_form(3, 2, 8, 10, 1.5), closed_form(5.5, 4, 8, 10, 1.5))
    np.testing.assert_allclose(maps[0, :, :, 0], expected, atol=1e-6)
    assert not maps[1].any()


def test_every_node_has_its_own_map_of_all_instances():
    points = np.random.default_rng(0).uniform(-2, 12, (3, 4, 5, 2)).astype(np.float32)
    points[0, 1] = points[2, :, 3] = points[1, 2, 0] = NAN
    maps = np.asarray(confidence_maps(points, 8, 10, 2.0))
    assert maps.shape == (3, 8, 10, 5)
    own = np.stack([np.asarray(confidence_maps(points[:, [i]], 8, 10, 2.0)) for i in range(4)])
    np.testing.assert_allclose(maps, own.max(axis=0), atol=1e-6)
    for sample in range(3):
        for node in range(5):
            all_of = [closed_form(*points[sample, i, node], 8, 10, 2.0) for i in range(4)]
            np.testing.assert_allclose(maps[sample, :, :, node], np.nan_to_num(all_of).max(axis=0), atol=1e-6)
