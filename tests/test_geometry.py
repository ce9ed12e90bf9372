import numpy as np
import pytest

from antpipe.geometry import (
    Transform,
    bounding_boxes,
    cell_transform,
    centroids,
    crop_origins,
    crop_transform,
    padded_size,
    resize_transform,
)


def test_resizing_keeps_the_edges_of_the_image():
    to_half = resize_transform((640, 480), (320, 240))
    # The edges of 640 pixels with centres 0..639 lie at -0.5 and 639.5.
    assert to_half(np.array([[-0.5, -0.5], [639.5, 479.5]])).tolist() == [[-0.5, -0.5], [319.5, 239.5]]


def test_inverse_and_composition_are_exact():
    there = resize_transform((640, 480), (400, 300)).then(crop_transform(13, -7)).then(cell_transform(4).inverse())
    points = np.array([[1.25, 3.5], [np.nan, 2.0]])
    np.testing.assert_allclose(there.inverse()(there(points)), points, atol=1e-12)
    assert Transform.from_dict(there.to_dict()) == there


@pytest.mark.parametrize("size", [9, 10])
@pytest.mark.parametrize("x", [50.0, 50.49, 50.5, 50.51, 3.2])
def test_a_crop_holds_its_centroid_within_half_a_pixel_of_its_middle(size, x):
    ((left, top),) = crop_origins(np.array([[x, 20.0]]), size)
    assert abs(x - left - (size - 1) / 2) <= 0.5
    assert abs(20.0 - top - (size - 1) / 2) <= 0.5


@pytest.mark.parametrize(("size", "stride", "expected"), [((640, 480), 16, (640, 480)), ((641, 479), 32, (672, 480))])
def test_padding_goes_up_to_the_next_multiple(size, stride, expected):
    assert padded_size(size, stride) == expected


def test_centroid_is_the_anchor_or_the_middle_of_the_box():
    nan = np.nan
    points = np.array([[[0, 0], [10, 20], [4, 4]], [[0, 0], [nan, nan], [4, 6]], [[nan, nan]] * 3])
    np.testing.assert_array_equal(centroids(points, 1), [[10, 20], [2, 3], [nan, nan]])
    np.testing.assert_array_equal(centroids(points), [[5, 10], [2, 3], [nan, nan]])
    np.testing.assert_array_equal(bounding_boxes(points)[1], [0, 0, 4, 6])
    assert np.isnan(bounding_boxes(points)[2]).all()


def test_no_instances_give_no_centroids():
    assert centroids(np.zeros((0, 3, 2))).shape == (0, 2)
