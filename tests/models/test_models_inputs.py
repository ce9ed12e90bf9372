import cv2
import numpy as np
import pytest

from antpipe.config.model import ModelConfig
from antpipe.models.inputs import crop_between_pixels, crop_image, pad_image, scale_image, to_channels
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton


def image(height, width, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def test_gray_becomes_three_equal_channels_and_back():
    gray = image(6, 8)
    colour = to_channels(gray, 3)
    assert colour.shape == (6, 8, 3)
    np.testing.assert_array_equal(to_channels(colour, 1), gray)
    assert to_channels(gray, 1) is gray


def test_colour_becomes_luma():
    colour = image(6, 8, 3)
    luma = colour @ [0.299, 0.587, 0.114]
    assert np.abs(to_channels(colour, 1)[..., 0] - luma).max() <= 0.51


@pytest.mark.parametrize("channels", [1, 3])
def test_halving_averages_four_pixels(channels):
    whole = image(8, 12, channels)
    halved = scale_image(whole, (6, 4))
    assert halved.shape == (4, 6, channels)
    expected = whole.reshape(4, 2, 6, 2, channels).mean(axis=(1, 3))
    assert np.abs(halved - expected).max() <= 0.5


def test_the_right_size_is_left_alone():
    whole = image(8, 12)
    assert scale_image(whole, (12, 8)) is whole
    assert pad_image(whole, 4) is whole


def test_padding_adds_zeros_at_the_right_and_the_bottom():
    whole = image(9, 14, 3)
    padded = pad_image(whole, 8)
    assert padded.shape == (16, 16, 3)
    np.testing.assert_array_equal(padded[:9, :14], whole)
    assert not padded[9:].any()
    assert not padded[:, 14:].any()


@pytest.mark.parametrize(
    ("left", "top"), [(2, 1), (0, 0), (-3, 2), (7, -4), (9, 5), (-6, -6), (12, 3), (3, 10), (-100, 0), (100, 100)]
)
def test_a_crop_is_the_image_with_zeros_around_it(left, top):
    whole = image(10, 12, 3) // 2 + 1
    far = 200
    around = np.zeros((10 + 2 * far, 12 + 2 * far, 3), np.uint8)
    around[far : far + 10, far : far + 12] = whole
    expected = around[far + top : far + top + 6, far + left : far + left + 6]
    np.testing.assert_array_equal(crop_image(whole, left, top, 6), expected)
    np.testing.assert_array_equal(crop_between_pixels(whole, left, top, 6), expected)


def test_a_crop_between_pixels_is_bilinear():
    row = np.arange(0, 200, 10, dtype=np.uint8)
    whole = np.tile(row, (20, 1))[..., None]
    crop = crop_between_pixels(whole, 3.25, 5.0, 8)
    assert crop.shape == (8, 8, 1)
    assert np.abs(crop[4, :, 0] - (np.arange(8) + 3.25) * 10).max() <= 0.5


def spec(scale, from_sleap=False):
    config = ModelConfig.model_validate({"input": {"scale": scale}})
    skeleton = Skeleton(nodes=("a", "b"))
    return ModelSpec(
        model_type="centered_instance", config=config, skeleton=skeleton, crop_size=32, from_sleap=from_sleap
    )


@pytest.mark.parametrize(
    ("scale", "ours", "sleaps"),
    [(1.0, (101, 75), (101, 75)), (0.5, (50, 38), (50, 37)), (0.33, (33, 25), (33, 24)), (0.001, (1, 1), (1, 1))],
)
def test_the_size_of_the_input(scale, ours, sleaps):
    assert spec(scale).input_size((101, 75)) == ours
    assert spec(scale, from_sleap=True).input_size((101, 75)) == sleaps


def test_points_move_as_the_pixels_do():
    # A bright pixel of the shrunken image is where the transform takes the middle of its block of pixels.
    whole = np.zeros((60, 90, 1), np.uint8)
    whole[21:24, 42:45] = 255
    third = scale_image(whole, spec(1 / 3).input_size((90, 60)))
    row, column = np.unravel_index(third[..., 0].argmax(), third.shape[:2])
    np.testing.assert_allclose(spec(1 / 3).input_transform((90, 60))(np.array([43.0, 22.0])), [column, row], atol=1e-12)


def test_where_the_size_cannot_be_exact_the_points_follow_the_size():
    # 101 * 0.5 is rounded to 50: x is scaled by 50/101, as cv2 scales the pixels.
    transform = spec(0.5).input_transform((101, 75))
    assert transform.scale == (50 / 101, 38 / 75)
    assert cv2.resize(np.zeros((75, 101), np.uint8), (50, 38)).shape == (38, 50)


def test_sleap_scales_about_the_middle_of_the_first_pixel():
    assert spec(0.5, from_sleap=True).input_transform((101, 75))(np.array([10.0, 20.0])).tolist() == [5.0, 10.0]


def test_maps_are_one_per_node_or_one_for_all():
    assert spec(1.0).maps == 2
    assert spec(1.0).stride == 4
