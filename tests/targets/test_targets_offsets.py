import numpy as np
import pytest

from antpipe.targets.offsets import offsets

NAN = np.nan
ROWS, COLUMNS = 9, 12


def closed_form(points, sigma):
    """Point minus cell where the Gaussian around the point is above 0.2, summed over instances; SLEAP's definition."""
    down, across = np.mgrid[:ROWS, :COLUMNS]
    total = np.zeros((len(points), ROWS, COLUMNS, points.shape[2], 2))
    for sample, instance, node in np.ndindex(points.shape[:3]):
        x, y = points[sample, instance, node].astype(float)
        way = np.stack([x - across, y - down], axis=-1)
        gaussian = np.exp(-(way**2).sum(axis=-1) / (2 * sigma**2))
        total[sample, :, :, node] += np.where((gaussian > 0.2)[..., None], way, 0)
    return total.reshape(len(points), ROWS, COLUMNS, -1)


@pytest.mark.parametrize("sigma", [0.6, 1.5, 2.5])
@pytest.mark.parametrize("instances", [1, 4])
def test_offsets_are_those_of_the_closed_form(sigma, instances):
    points = np.random.default_rng(instances).uniform(-2, 13, (2, instances, 3, 2)).astype(np.float32)
    points[0, 0, 1] = NAN
    found = np.asarray(offsets(points, ROWS, COLUMNS, sigma))
    assert found.shape == (2, ROWS, COLUMNS, 6)
    np.testing.assert_allclose(found, closed_form(points, sigma), atol=1e-5)
    assert found.any()


def test_the_offset_at_the_nearest_cell_leads_to_the_point():
    points = np.array([[[[4.25, 3.0], [7.0, 5.5]]]], np.float32)
    found = np.asarray(offsets(points, ROWS, COLUMNS, 1.5))
    np.testing.assert_allclose(found[0, 3, 4], [0.25, 0.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found[0, 5, 7], [0.0, 0.0, 0.0, 0.5], atol=1e-6)


def test_away_from_all_points_there_is_no_offset():
    found = np.asarray(offsets(np.array([[[[4.0, 3.0]]]], np.float32), ROWS, COLUMNS, 1.0))
    # The Gaussian is above 0.2 up to sqrt(2 ln 5) = 1.79 cells.
    assert found[0, 3, 5].tolist() == [-1, 0]
    assert found[0, 3, 6].tolist() == [0, 0]
    assert (np.abs(found) > 0).any(axis=-1).sum() == 8


def test_near_two_instances_both_count():
    points = np.array([[[[4.0, 3.0]], [[5.0, 3.0]]]], np.float32)
    assert np.asarray(offsets(points, ROWS, COLUMNS, 1.5))[0, 3, 4].tolist() == [1, 0]


@pytest.mark.parametrize("missing", [[NAN, NAN], [NAN, 3.0], [3.0, NAN]])
def test_a_point_that_is_not_visible_gives_zeros(missing):
    found = np.asarray(offsets(np.array([[[missing, [2.0, 2.0]]]], np.float32), ROWS, COLUMNS, 1.5))
    assert not found[..., :2].any()
    assert found[..., 2:].any()
