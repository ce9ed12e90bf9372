"""Distance to the nearest neighbour, and contacts."""

import numpy as np
import pytest
from drawn_animals_that_move import features_of, make_info, stick_at

from antpipe.poses import make_poses

NAN = float("nan")


def crowd(places_by_frame, **changes):
    frames = [frame for frame, places in enumerate(places_by_frame) for _ in places]
    places = [place for places in places_by_frame for place in places]
    return make_poses(make_info(**changes), frame_idx=frames, points=stick_at(np.reshape(places, (-1, 2))))


def test_the_nearest_other_animal_of_the_same_frame_counts():
    poses = crowd([[(0, 0), (30, 40), (0, 100)], [(0, 0)], [], [(0, 0), (6, 8)], [(5, 5), (5, 5)]])
    found = features_of(poses, kinds=["neighbour_distance"], centre="middle")["neighbour_distance"]
    np.testing.assert_allclose(found, [50, 50, np.hypot(30, 60), NAN, 10, 10, 0, 0], rtol=1e-6)


def test_a_hidden_animal_is_nobodys_neighbour():
    points = stick_at([(0, 0), (1, 0), (100, 0)])
    points[1, 1] = np.nan
    poses = make_poses(make_info(), frame_idx=[0, 0, 0], points=points)
    found = features_of(poses, kinds=["neighbour_distance"], centre="middle")["neighbour_distance"]
    np.testing.assert_allclose(found, [100, NAN, 100])


def test_without_a_centre_the_median_of_the_visible_nodes_stands_for_the_animal():
    points = stick_at([(0, 0), (50, 0)], length=20)
    points[1, 0] = np.nan  # leaves nodes at 50 and 60
    poses = make_poses(make_info(), frame_idx=[0, 0], points=points)
    found = features_of(poses, kinds=["neighbour_distance"])["neighbour_distance"]
    np.testing.assert_allclose(found, [55, 55])


@pytest.mark.parametrize(("apart", "touching"), [(14.9, 1), (15.1, 0)])
def test_animals_touch_where_any_of_their_nodes_are_near(apart, touching):
    # Heads and tails reach 5 to each side, so the gap is 10 less than the distance.
    found = features_of(crowd([[(0, 0), (apart, 0)], [(0, 0)]]), kinds=["contacts"], contact_pixels=5)["contacts"]
    assert found.tolist() == [touching, touching, 0]


def test_several_near_nodes_are_one_contact_and_several_animals_are_several():
    found = features_of(crowd([[(0, 0), (0, 1), (0, 2), (200, 0)]]), kinds=["contacts"], contact_pixels=4)["contacts"]
    assert found.tolist() == [2, 2, 2, 0]


def test_contacts_agree_with_all_pairs_of_nodes():
    rng = np.random.default_rng(1)
    frames = np.sort(rng.integers(0, 12, 80))
    points = rng.uniform(0, 120, (80, 1, 2)) + rng.normal(0, 8, (80, 3, 2))
    points[rng.random((80, 3)) < 0.3] = np.nan
    poses = make_poses(make_info(), frame_idx=frames, points=points)
    found = features_of(poses, kinds=["contacts"], contact_pixels=9)["contacts"]
    nodes = poses.points.astype(np.float64)
    for row in range(80):
        gaps = np.linalg.norm(nodes[row, :, None] - nodes[:, None], axis=-1)
        near = (gaps <= 9).any(axis=(1, 2)) & (frames == frames[row]) & (np.arange(80) != row)
        expected = np.count_nonzero(near) if (~np.isnan(nodes[row])).any() else NAN
        np.testing.assert_equal(found[row], np.float32(expected))
