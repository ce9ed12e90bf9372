import numpy as np
import pytest

from antpipe.targets.confidence_maps import confidence_maps, joint_confidence_map

NAN = np.nan


def closed_form(x, y, rows, columns, sigma):
    """exp(-((x - x0)^2 + (y - y0)^2) / (2 sigma^2)) at every cell, in double precision."""
    down, across = np.mgrid[:rows, :columns]
    return np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * sigma**2))


def as_points(points):
    return np.asarray(points, np.float32)


@pytest.mark.parametrize("sigma", [0.5, 1.5, 2.5, 10.0])
def test_a_map_is_a_gaussian_of_height_one_around_its_point(sigma):
    points = as_points([[[4.0, 3.0], [7.25, -1.5]], [[0.0, 0.0], [30.0, 5.5]]])
    maps = np.asarray(confidence_maps(points, 9, 12, sigma))
    assert maps.shape == (2, 9, 12, 2)
    for sample in range(2):
        for node in range(2):
            expected = closed_form(*points[sample, node], 9, 12, sigma)
            np.testing.assert_allclose(maps[sample, :, :, node], expected, atol=1e-6)
    assert maps[0, 3, 4, 0] == 1


@pytest.mark.parametrize("missing", [[NAN, NAN], [NAN, 3.0], [3.0, NAN]])
def test_a_point_that_is_not_visible_gives_zeros(missing):
    maps = np.asarray(confidence_maps(as_points([[missing, [2.0, 2.0]]]), 6, 7, 1.5))
    assert not maps[..., 0].any()
    np.testing.assert_allclose(maps[0, :, :, 1], closed_form(2, 2, 6, 7, 1.5), atol=1e-6)


def test_the_joint_map_is_the_highest_of_all():
    points = as_points([[[3.0, 2.0], [5.5, 4.0], [NAN, NAN]], [[NAN, NAN]] * 3])
    joint = np.asarray(joint_confidence_map(points, 8, 10, 1.5))
    assert joint.shape == (2, 8, 10, 1)
    expected = np.maximum(closed_form(3, 2, 8, 10, 1.5), closed_form(5.5, 4, 8, 10, 1.5))
    np.testing.assert_allclose(joint[0, :, :, 0], expected, atol=1e-6)
    assert not joint[1].any()


def test_the_joint_map_of_one_point_is_its_map():
    points = as_points([[[3.3, 2.1]], [[NAN, 1.0]]])
    np.testing.assert_allclose(
        np.asarray(joint_confidence_map(points, 8, 10, 2.0)), np.asarray(confidence_maps(points, 8, 10, 2.0)), atol=1e-7
    )
