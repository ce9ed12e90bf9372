"""Speed and angular velocity: closed forms, gaps, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_animals_that_move import FPS, features_of, make_info, one_track, simulated_ants, stick_at

from antpipe.errors import PosesError
from antpipe.poses import make_poses

SPEED = {"kinds": ["speed"], "centre": "middle", "window": 5, "max_gap": 3}
TURN = {"kinds": ["angular_velocity"], "axis": ("tail", "head"), "window": 5, "max_gap": 3}


def steady(frames, velocity=(3.0, 4.0), start=(10.0, 20.0)):
    return np.array(start) + np.outer(frames, velocity)


def test_a_steady_animal_has_its_speed_in_every_frame():
    found = features_of(one_track(steady(np.arange(12))), **SPEED)["speed"]
    np.testing.assert_allclose(found, 5 * FPS, rtol=1e-5)


def test_an_accelerating_animal_has_its_true_speed_up_to_the_ends():
    frames = np.arange(12)
    places = np.stack([0.5 * frames**2, np.zeros(12)], axis=1)
    found = features_of(one_track(places), **SPEED)["speed"]
    np.testing.assert_allclose(found, frames * FPS, atol=1e-3)


def test_speed_is_in_millimetres_where_their_size_is_known():
    found = features_of(one_track(steady(np.arange(12))), **SPEED, pixels_per_mm=10)["speed"]
    np.testing.assert_allclose(found, 0.5 * FPS, rtol=1e-5)


@pytest.mark.parametrize(("gap", "speed_after"), [(3, 5 * FPS), (4, np.nan)])
def test_a_gap_is_bridged_up_to_its_longest_length(gap, speed_after):
    frames = np.array([*range(8), *range(8 + gap, 8 + gap + 4)])
    found = features_of(one_track(steady(frames), frames), **SPEED)["speed"]
    np.testing.assert_allclose(found[:8], 5 * FPS, rtol=1e-5)
    # Four frames alone are less than a window; joined to the others they have a speed.
    np.testing.assert_allclose(found[8:], speed_after, rtol=1e-5)


def test_nothing_is_smoothed_across_a_long_gap():
    frames = np.array([*range(10), *range(30, 40)])
    places = np.concatenate([steady(np.arange(10)), steady(np.arange(10), (-6, 8), (600, 400))])
    found = features_of(one_track(places, frames), **SPEED)["speed"]
    np.testing.assert_allclose(found, np.repeat([5 * FPS, 10 * FPS], 10), rtol=1e-5)


def test_an_animal_whose_place_is_hidden_has_no_speed_there():
    poses = one_track(steady(np.arange(12)))
    points = poses.points.copy()
    points[5, 1] = np.nan
    found = features_of(replace(poses, points=points), **SPEED)["speed"]
    assert np.isnan(found).tolist() == [row == 5 for row in range(12)]
    np.testing.assert_allclose(found[~np.isnan(found)], 5 * FPS, rtol=1e-5)


def test_tracks_do_not_mix_and_strangers_have_no_speed():
    frames = np.repeat(np.arange(10), 3)
    points = stick_at(np.stack([steady(np.arange(10), v) for v in ((1, 0), (0, 2), (3, 3))], axis=1).reshape(-1, 2))
    poses = make_poses(make_info(), frame_idx=frames, points=points, track=["a", "b", None] * 10)
    found = features_of(poses, **SPEED)["speed"].reshape(10, 3)
    np.testing.assert_allclose(found[:, :2], np.tile([FPS, 2 * FPS], (10, 1)), rtol=1e-5)
    assert np.isnan(found[:, 2]).all()


@pytest.mark.parametrize("step", [7.0, -7.0, 95.0])
def test_a_steady_turn_has_its_rate_across_180_degrees(step):
    degrees = 150 + step * np.arange(40)
    found = features_of(one_track(np.full((40, 2), 50.0), degrees=degrees), **TURN)["angular_velocity"]
    np.testing.assert_allclose(found, step * FPS, rtol=1e-4)


def test_speed_of_simulated_ants_is_near_that_of_their_walk():
    poses, truth = simulated_ants()
    found = features_of(poses, kinds=["speed"], window=3)["speed"]
    node = poses.info.skeleton.nodes.index("LowerThorax")
    fps = poses.info.video.fps
    central = np.linalg.norm(truth.points[2:, :, node] - truth.points[:-2, :, node], axis=-1) / 2 * fps
    inner = (poses.frame_idx > 0) & (poses.frame_idx < len(truth.points) - 1) & ~np.isnan(found)
    ant = np.array([truth.names.index(name) for name in poses.track])
    expected = central[poses.frame_idx[inner] - 1, ant[inner]]
    # Where a neighbour frame is hidden the straight line over it differs a little.
    assert np.median(np.abs(found[inner] - expected)) < 1e-3
    assert np.quantile(np.abs(found[inner] - expected), 0.9) < 0.5


def test_a_track_that_is_twice_in_a_frame_is_refused():
    poses = make_poses(make_info(), frame_idx=[4, 4], points=stick_at([(1, 1), (9, 9)]), track=["a", "a"])
    with pytest.raises(PosesError, match=r"videos/walk.mp4: track 'a' is twice in frame 4; a track is one animal"):
        features_of(poses, **SPEED)


def test_frames_that_are_not_even_in_time_are_refused():
    poses = one_track(steady(np.arange(12)))
    late = np.where(np.arange(12) > 6, poses.time_s + 0.2, poses.time_s)
    with pytest.raises(PosesError, match=r"expected 20 frames per second throughout, but frame \d+ is at 0\.\d+ s"):
        features_of(replace(poses, time_s=late), **SPEED)
    # Containers round times to a millisecond.
    np.testing.assert_allclose(
        features_of(replace(poses, time_s=np.round(poses.time_s, 3)), **SPEED)["speed"], 5 * FPS, rtol=1e-5
    )
