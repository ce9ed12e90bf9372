import numpy as np
import pytest
from drawn_animals import centre_of_light, draw_blobs

from antpipe.config.augmentation import AugmentationConfig
from antpipe.training.augment import change_values, draw_centre, draw_warp, reach, warp_image, warp_points

OFF = {"rotation": None, "scale": None, "translation": None, "contrast": None, "brightness": None}


def augmentation(**values):
    return AugmentationConfig(**{**OFF, **values})


CHANGES = {
    "nothing": augmentation(),
    "rotation": augmentation(rotation=(-180, 180)),
    "scale": augmentation(scale=(0.6, 1.6)),
    "translation": augmentation(translation=(-7.5, 7.5)),
    "flip left and right": augmentation(flip_horizontal=True),
    "flip up and down": augmentation(flip_vertical=True),
    "all": augmentation(
        rotation=(-180, 180), scale=(0.7, 1.4), translation=(-5, 5), flip_horizontal=True, flip_vertical=True
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_blob_is_where_its_point_is(change):
    image_size, size, middle = (90, 70), (64, 60), np.array([45.3, 33.8])
    errors = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        point = middle + rng.uniform(-8, 8, 2)
        image = draw_blobs(image_size, [point], [250.0], sigma=2.5)
        matrix, _ = draw_warp(CHANGES[change], rng, middle, size)
        errors.append(centre_of_light(warp_image(image, matrix, size)) - warp_points(point, matrix))
    assert np.abs(errors).max() < 0.06  # cv2 rounds places to 1/32 px
    assert np.abs(np.mean(errors, axis=0)).max() < 0.02


def test_the_centre_comes_to_the_middle_of_the_crop():
    middle = np.array([45.3, 33.8])
    for seed in range(20):
        matrix, _ = draw_warp(
            augmentation(rotation=(-180, 180), scale=(0.5, 2), flip_horizontal=True),
            np.random.default_rng(seed),
            middle,
            (32, 25),
        )
        np.testing.assert_allclose(warp_points(middle, matrix), [15.5, 12.0], atol=1e-12)


def drawn(config, count=400):
    """Angle, scale, shift and mirroring of many draws."""
    rows = []
    for seed in range(count):
        matrix, mirrored = draw_warp(config, np.random.default_rng(seed), np.zeros(2), (1, 1))
        linear = matrix[:, :2] @ np.diag([-1.0, 1.0]) if mirrored else matrix[:, :2]
        angle = np.rad2deg(np.arctan2(linear[1, 0], linear[0, 0]))
        rows.append([angle, np.sqrt(abs(np.linalg.det(linear))), *matrix[:, 2], mirrored, np.linalg.det(matrix[:, :2])])
    return np.array(rows).T


def test_draws_fill_their_ranges_and_stay_inside():
    angle, scale, x, y, *_ = drawn(augmentation(rotation=(-15, 30), scale=(0.8, 1.3), translation=(-4, 6)))
    for values, low, high in ((angle, -15, 30), (scale, 0.8, 1.3), (x, -4, 6), (y, -4, 6)):
        assert low <= values.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < values.max() <= high


def test_rotation_keeps_shapes_and_scale_keeps_angles():
    _, scale, *_ = drawn(augmentation(rotation=(-180, 180)))
    np.testing.assert_allclose(scale, 1, atol=1e-12)
    angle, *_ = drawn(augmentation(scale=(0.8, 1.3)))
    np.testing.assert_allclose(angle, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("flips", "share"),
    [
        ({}, 0.0),
        ({"flip_horizontal": True}, 0.5),
        ({"flip_vertical": True}, 0.5),
        ({"flip_horizontal": True, "flip_vertical": True}, 0.5),
    ],
)
def test_mirrored_means_that_left_and_right_have_changed_places(flips, share):
    *_, mirrored, determinant = drawn(augmentation(rotation=(-180, 180), **flips))
    np.testing.assert_array_equal(mirrored == 1, determinant < 0)
    assert abs(mirrored.mean() - share) < 0.08


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("size", [20, 21])
def test_a_patch_within_reach_gives_the_same_crop_as_the_whole_image(change, size):
    whole = np.random.default_rng(0).integers(0, 256, (200, 220, 1), np.uint8)
    centre = np.array([108.4, 97.7])
    radius = reach(CHANGES[change], size)
    corner = np.floor(centre).astype(int) - radius
    patch = whole[corner[1] : corner[1] + 2 * radius + 1, corner[0] : corner[0] + 2 * radius + 1]
    for seed in range(60):
        from_whole, _ = draw_warp(CHANGES[change], np.random.default_rng(seed), centre, (size, size))
        from_patch, _ = draw_warp(CHANGES[change], np.random.default_rng(seed), centre - corner, (size, size))
        crops = [warp_image(i, m, (size, size)).astype(int) for i, m in ((whole, from_whole), (patch, from_patch))]
        # Places are rounded to 1/32 px from another origin; a black border would differ by far more in whole rows.
        difference = np.abs(crops[0] - crops[1])
        assert max(difference.mean(axis=0).max(), difference.mean(axis=1).max()) < 20


def test_outside_of_the_image_is_black():
    image = np.full((10, 10, 1), 200, np.uint8)
    crop = warp_image(image, np.array([[1, 0, 5.0], [0, 1, 0]]), (10, 10))
    assert not crop[:, :5].any()
    assert (crop[:, 5:] == 200).all()


def test_nan_stays_nan():
    assert np.isnan(warp_points(np.array([[np.nan, 1.0]]), np.array([[0.5, 0.1, 1], [0.2, 1, 3]]))).all()


def test_a_window_is_cut_at_whole_pixels_from_everywhere_in_the_image():
    image = np.random.default_rng(0).integers(0, 256, (9, 12, 1), np.uint8)
    seen = set()
    for seed in range(300):
        centre = draw_centre(np.random.default_rng(seed), image, (8, 7))
        matrix, _ = draw_warp(augmentation(), np.random.default_rng(seed), centre, (8, 7))
        left, top = (-matrix[:, 2]).tolist()
        assert (left, top) == (int(left), int(top))
        seen.add((left, top))
        np.testing.assert_array_equal(
            warp_image(image, matrix, (8, 7)), image[int(top) : int(top) + 7, int(left) : int(left) + 8]
        )
    assert seen == {(left, top) for left in range(5) for top in range(3)}


@pytest.mark.parametrize(("size", "x", "y"), [((20, 4), {5.5}, {1.5, 2.5, 3.5, 4.5, 5.5, 6.5}), ((12, 9), {5.5}, {4})])
def test_a_window_larger_than_the_image_has_all_of_it_in_its_middle(size, x, y):
    image = np.zeros((9, 12, 1), np.uint8)
    centres = np.array([draw_centre(np.random.default_rng(seed), image, size) for seed in range(100)])
    assert (set(centres[:, 0]), set(centres[:, 1])) == (x, y)


LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_without_changes_the_image_is_left_alone():
    assert change_values(LEVELS, augmentation(), rng()) is LEVELS


@pytest.mark.parametrize("amount", [-30.0, 0.0, 40.0])
def test_brightness_is_added(amount):
    changed = change_values(LEVELS, augmentation(brightness=(amount, amount)), rng())
    np.testing.assert_array_equal(changed, np.clip(LEVELS.astype(int) + int(amount), 0, 255))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_contrast_is_a_power_of_values_from_0_to_1(exponent):
    changed = change_values(LEVELS, augmentation(contrast=(exponent, exponent)), rng())
    np.testing.assert_array_equal(changed, np.round((LEVELS / 255) ** exponent * 255))


def test_contrast_darkens_as_often_as_it_brightens():
    config = augmentation(contrast=(0.5, 2.0))
    darker = [change_values(LEVELS, config, rng(seed)).mean() < LEVELS.mean() for seed in range(300)]
    assert abs(np.mean(darker) - 0.5) < 0.1


@pytest.mark.parametrize(
    ("config", "mean", "deviation", "most"),
    [
        (augmentation(uniform_noise=(0, 12)), 6.0, 12 / 12**0.5, 12),
        (augmentation(uniform_noise=(-12, 12)), 0.0, 24 / 12**0.5, 12),
        (augmentation(gaussian_noise=(5, 3)), 5.0, 3.0, 30),
        (augmentation(gaussian_noise=(-2, 4), uniform_noise=(0, 4)), 0.0, (16 + 16 / 12) ** 0.5, 40),
    ],
)
def test_noise_has_the_mean_and_the_spread_that_were_asked_for(config, mean, deviation, most):
    gray = np.full((200, 200, 3), 128, np.uint8)
    noise = change_values(gray, config, rng()).astype(float) - 128
    assert noise.mean() == pytest.approx(mean, abs=0.1)
    assert noise.std() == pytest.approx(deviation, rel=0.03)
    assert np.abs(noise).max() <= most


def test_noise_does_not_wrap_around():
    for level in (0, 255):
        changed = change_values(np.full((50, 50, 1), level, np.uint8), augmentation(gaussian_noise=(0, 20)), rng())
        assert changed.dtype == np.uint8
        assert np.abs(changed.astype(int) - level).max() < 128
