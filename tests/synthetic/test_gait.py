import numpy as np
import pytest

from antpipe.config.simulate import SimulateConfig
from antpipe.synthetic.gait import DUTY, TRIPOD, articulate, at_knots, grow_ants, place_feet, rotate
from antpipe.synthetic.scene import make_scene, pose_at, simulate_tracks
from antpipe.synthetic.skeleton import FEET, KNEES, LEGS, MEAN_POSE, NODES, POSE_SPREAD


@pytest.fixture(scope="module")
def tracks():
    return simulate_tracks(SimulateConfig(ants=60, frames=300, width=3000, height=2000, seed=5), 0)


def body_coordinates(tracks):
    middle = tracks.points[:, :, 2:4].mean(axis=2, keepdims=True)
    return rotate(tracks.points - middle, -tracks.heading[..., None]) / tracks.body_length[:, None, None]


@pytest.mark.parametrize("node", NODES)
def test_pose_statistics_match_the_documented_ones(tracks, node):
    index = NODES.index(node)
    pose = body_coordinates(tracks)[:, :, index].reshape(-1, 2)
    # 60 ants differ by 60 % of the documented spread, so that much luck is in the median.
    np.testing.assert_allclose(np.median(pose, axis=0), MEAN_POSE[index], atol=0.012 + 0.2 * POSE_SPREAD[index].max())
    assert (pose.std(axis=0) <= 1.25 * POSE_SPREAD[index] + 0.005).all()
    assert (pose.std(axis=0) >= 0.4 * POSE_SPREAD[index]).all()


def test_medians_of_many_ants_are_within_two_hundredths_of_a_body_length():
    rng = np.random.default_rng(0)
    ants = grow_ants(rng, 100, 4000)
    feet, knees = (legs / ants.length[:, None, None] for legs in (ants.feet, ants.knees))
    np.testing.assert_allclose(np.median(feet, axis=0), MEAN_POSE[list(FEET)], atol=0.02)
    np.testing.assert_allclose(np.median(knees, axis=0), MEAN_POSE[list(KNEES)], atol=0.02)


def test_body_lengths_spread_as_measured():
    length = grow_ants(np.random.default_rng(0), 158, 20_000).length
    np.testing.assert_allclose(np.percentile(length, [5, 50, 95]), [127, 158, 197], rtol=0.015)


def test_body_segments_keep_their_length_and_sum_to_the_body_length(tracks):
    segments = np.linalg.norm(np.diff(tracks.points[:, :, :6], axis=2), axis=-1)
    np.testing.assert_allclose(segments.sum(axis=2), np.broadcast_to(tracks.body_length, segments.shape[:2]))
    np.testing.assert_allclose(segments, np.broadcast_to(segments[0], segments.shape))


def test_head_and_gaster_swing_as_measured():
    angles = articulate(np.random.default_rng(3), 400, 200, 24)
    assert np.rad2deg(angles.head_yaw.std()) == pytest.approx(10, rel=0.05)
    assert np.rad2deg(angles.gaster_yaw.std()) == pytest.approx(7, rel=0.05)
    assert np.rad2deg(np.abs(np.diff(angles.head_yaw, axis=0))).max() < 8


def test_planted_feet_do_not_slip(tracks):
    feet = tracks.points[:, :, FEET]
    step = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
    stays = tracks.planted[1:] & tracks.planted[:-1] & (step < 0.1 * tracks.body_length[:, None])
    assert step[stays].max() < 1e-9
    # A foot seen planted in two frames may have made a whole swing between them, at many strides per second only.
    assert stays.sum() > 0.95 * (tracks.planted[1:] & tracks.planted[:-1]).sum()


def test_three_feet_of_a_tripod_always_stand(tracks):
    left, right = (tracks.planted[..., phase == TRIPOD].all(axis=-1) for phase in (0, 0.5))
    assert (left | right).all()
    assert {leg for leg, phase in zip(LEGS, TRIPOD, strict=True) if phase == 0} == {"LFore", "RMid", "LHind"}
    assert tracks.planted.mean() == pytest.approx(DUTY, abs=0.05)


def test_feet_move_without_jumps():
    scene = make_scene(SimulateConfig(ants=5, frames=60, seed=2), 0)
    feet = pose_at(scene, np.arange(0, 59, 0.02)).points[:, :, FEET]
    step = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
    assert step.max() < 0.02 * scene.anatomy.length.max()


def test_feet_step_where_the_footholds_are():
    footholds = np.arange(12, dtype=float).reshape(1, 6, 1, 2) + np.arange(4)[None, None, :, None] * 10
    feet, planted = place_feet(np.array([[1.0], [1.0 + DUTY], [1.8], [1.999999]]), footholds)
    assert planted[:, 0, 0].tolist() == [True, False, False, False]
    np.testing.assert_allclose(feet[:, 0, 0], [[10, 11], [10, 11], [15, 16], [20, 21]], atol=1e-3)


def test_interpolation_between_knots():
    values = np.arange(5.0)[:, None, None] * [1, 10]
    np.testing.assert_allclose(at_knots(values, np.array([0, 0.25, 3.5, 4]))[:, 0, 1], [0, 2.5, 35, 40])
