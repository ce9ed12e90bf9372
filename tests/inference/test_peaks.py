import numpy as np
import pytest

from antpipe.inference.peaks import (
    find_global_peaks,
    find_local_peaks,
    refine_gaussian,
    refine_integral,
    refine_offsets,
)


def gaussian(x, y, sigma, shape=(20, 24)):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    values = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return values.astype(np.float32)[None, :, :, None]


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.5, 4.0])
@pytest.mark.parametrize("x", [-0.4, 0.0, 0.3, 1.5, 10.0, 10.1, 10.499, 10.5, 10.9, 23.4])
def test_the_gaussian_is_found_without_bias_also_at_the_border(sigma, x):
    maps = gaussian(x, 7.3, sigma)
    peaks = find_local_peaks(maps, 0.2)
    assert len(peaks.row) == 1
    np.testing.assert_allclose(refine_gaussian(maps, peaks), [[x, 7.3]], atol=1e-5)


def test_an_animal_between_two_cells_is_found_once():
    assert len(find_local_peaks(gaussian(10.5, 7.5, 2.0), 0.2).row) == 1


def test_peaks_below_the_threshold_are_not_found():
    assert len(find_local_peaks(0.19 * gaussian(10, 7, 2.0), 0.2).row) == 0


def test_two_animals_in_two_samples():
    maps = np.concatenate([np.maximum(gaussian(4, 5, 1.5), 0.5 * gaussian(15, 12, 1.5)), gaussian(2, 2, 1.5)])
    peaks = find_local_peaks(maps, 0.2)
    assert list(zip(peaks.sample, peaks.column, peaks.row, strict=True)) == [(0, 4, 5), (0, 15, 12), (1, 2, 2)]
    np.testing.assert_allclose(peaks.value, [1, 0.5, 1])


def test_global_peaks_come_by_sample_then_channel():
    maps = np.concatenate([gaussian(4, 5, 1.5), gaussian(15, 12, 1.5)], axis=3)
    peaks = find_global_peaks(np.concatenate([maps, maps[..., ::-1]]))
    assert peaks.sample.tolist() == [0, 0, 1, 1]
    assert peaks.channel.tolist() == [0, 1, 0, 1]
    assert peaks.column.tolist() == [4, 15, 15, 4]


def test_noise_and_negative_values_do_not_break_the_fit():
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(200):
        x = 10 + rng.uniform(-0.5, 0.5)
        maps = gaussian(x, 7.0, 1.5) + rng.normal(0, 0.02, (1, 20, 24, 1)).astype(np.float32)
        errors.append(refine_gaussian(maps, find_global_peaks(maps))[0, 0] - x)
    assert abs(np.mean(errors)) < 0.01
    assert np.std(errors) < 0.05


def test_a_flat_map_gives_its_cell():
    maps = np.ones((1, 5, 5, 1), np.float32)
    assert np.isfinite(refine_gaussian(maps, find_global_peaks(maps))).all()


def test_the_centre_of_mass_is_drawn_to_the_cell_as_in_sleap():
    # sum of g * exp(-(g - 0.3)^2 / (2 * 2.5^2)) over g = -2..2, divided by the sum without g
    g = np.arange(-2, 3)
    weight = np.exp(-((g - 0.3) ** 2) / (2 * 2.5**2))
    maps = gaussian(10.3, 7.0, 2.5)
    found = refine_integral(maps, find_global_peaks(maps))
    np.testing.assert_allclose(found, [[10 + (g * weight).sum() / weight.sum(), 7.0]], atol=1e-6)


def test_offsets_are_read_at_the_peaks_cell():
    maps = gaussian(10, 7, 1.5)
    offsets = np.zeros((1, 20, 24, 2), np.float32)
    offsets[0, 7, 10] = [0.25, -0.5]
    np.testing.assert_allclose(refine_offsets(offsets, find_global_peaks(maps)), [[10.25, 6.5]])
