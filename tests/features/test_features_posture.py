"""Angles, lengths, headings: closed forms and simulated ants."""

from dataclasses import replace

import numpy as np
import pytest
import sleap_io as sio
from drawn_animals_that_move import STICK, features_of, make_info, of_each, simulated_ants, stick_at

from antpipe.features.directions import headings, joint_angles
from antpipe.geometry import Transform
from antpipe.poses import Skeleton, make_poses

NAN = float("nan")


@pytest.mark.parametrize(
    ("first", "middle", "last", "angle"),
    [
        ((1, 0), (0, 0), (0, 1), 90),
        ((1, 0), (0, 0), (0, -5), 90),
        ((-3, 0), (0, 0), (7, 0), 180),
        ((1, 0), (0, 0), (2, 0), 0),
        ((1, 0), (0, 0), (1, 1), 45),
        ((101, 50), (100, 50), (99.5, 50 + np.sqrt(3) / 2), 120),
        ((1, 0), (0, 0), (NAN, NAN), NAN),
        ((1, 0), (NAN, NAN), (0, 1), NAN),
        ((0, 0), (0, 0), (0, 1), NAN),
    ],
)
def test_angle_at_the_middle_of_three_points(first, middle, last, angle):
    assert joint_angles(np.array([first, middle, last], np.float64)) == pytest.approx(angle, nan_ok=True)


@pytest.mark.parametrize(
    ("front", "angle"), [((1, 0), 0), ((0, 1), 90), ((-1, 0), 180), ((0, -2), -90), ((1, -1), -45), ((0, 0), NAN)]
)
def test_heading_goes_from_x_to_y(front, angle):
    assert headings(np.zeros(2), np.array(front, np.float64)) == pytest.approx(angle, nan_ok=True)


def test_an_angle_stays_when_the_animal_is_moved_turned_mirrored_or_nearer():
    rng = np.random.default_rng(0)
    points, turn = rng.uniform(0, 100, (50, 3, 2)), np.radians(37)
    turned = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for other in (points + 1000, turned, points * [1, -1], points * 3.5, points[:, ::-1]):
        np.testing.assert_allclose(joint_angles(other), joint_angles(points), atol=1e-9)


def test_knees_of_simulated_ants_are_those_of_the_simulation():
    poses, truth = simulated_ants()
    found = features_of(poses, kinds=["angles"])
    assert list(found)[:2] == ["angle.LHindLeg", "angle.RHindLeg"]
    knees = np.degrees(of_each(poses, truth, truth.knee_angle))
    hidden = 0
    for leg, name in enumerate(["LForeLeg", "RForeLeg", "LMidLeg", "RMidLeg", "LHindLeg", "RHindLeg"]):
        values = found[f"angle.{name}"]
        seen = ~np.isnan(values)
        hidden += np.count_nonzero(~seen)
        np.testing.assert_allclose(values[seen], knees[seen, leg], atol=2e-2)
    assert 0 < hidden < knees.size / 2


def test_a_missing_node_is_missing_in_its_own_angles_alone():
    poses, _ = simulated_ants()
    points = poses.points.copy()
    points[:, poses.info.skeleton.nodes.index("LHindFoot")] = np.nan
    before = features_of(poses, kinds=["angles"])
    after = features_of(replace(poses, points=points), kinds=["angles"])
    assert np.isnan(after["angle.LHindLeg"]).all()
    for name in set(before) - {"angle.LHindLeg"}:
        np.testing.assert_array_equal(after[name], before[name])


def test_body_length_of_simulated_ants_is_that_of_their_anatomy():
    poses, truth = simulated_ants()
    found = features_of(poses, kinds=["body_length"])["body_length"]
    lengths = truth.body_length[[truth.names.index(name) for name in poses.track]]
    seen = ~np.isnan(found)
    assert seen.mean() > 0.5
    np.testing.assert_allclose(found[seen], lengths[seen], rtol=1e-5)


def test_heading_along_the_thorax_of_simulated_ants_is_their_heading():
    poses, truth = simulated_ants()
    found = features_of(poses, kinds=["heading"], axis=("LowerThorax", "UpperThorax"))["heading"]
    off = np.degrees(of_each(poses, truth, truth.heading)) - found
    seen = ~np.isnan(found)
    assert seen.mean() > 0.5
    np.testing.assert_allclose((off[seen] + 180) % 360 - 180, 0, atol=1e-3)


def test_segments_are_the_edges_or_what_is_named():
    poses = make_poses(make_info(), frame_idx=[0], points=stick_at([(50, 50)], length=10))
    assert features_of(poses, kinds=["segments"]) == {"segment.tail-middle": [5], "segment.middle-head": [5]}
    named = features_of(poses, kinds=["segments"], segments={"all": ("tail", "head")})
    assert named == {"segment.all": [10]}


@pytest.mark.parametrize(
    ("coordinates", "settings", "length"),
    [
        ("video", {}, 30),
        ("raw", {}, 10),
        ("video", {"pixels_per_mm": 6}, 5),
        ("video", {"pixels_per_mm": {"walk": 3, "*": 1}}, 10),
        ("video", {"pixels_per_mm": {"wa*": 3}}, 10),
    ],
)
def test_lengths_are_those_of_the_raw_video(coordinates, settings, length):
    info = make_info(to_raw=Transform(scale=(3.0, 2.0), offset=(7.0, 8.0)), coordinates=coordinates)
    poses = make_poses(info, frame_idx=[0], points=stick_at([(50, 50)], length=10))
    found = features_of(poses, kinds=["body_length"], body=STICK.nodes, **settings)
    assert found["body_length"] == pytest.approx(length)


def test_angles_are_those_of_the_raw_video():
    info = make_info(to_raw=Transform(scale=(3.0, 1.0)))
    poses = make_poses(info, frame_idx=[0], points=[[[1, 0], [0, 0], [1, 3]]])
    assert features_of(poses, kinds=["angles"], angles={"x": STICK.nodes})["angle.x"] == pytest.approx(45)


@pytest.mark.parametrize(("name", "median"), [("col224", 139.8), ("quel223", 168.5), ("main", 156.9)])
def test_length_of_real_ants_is_what_was_measured_by_hand(name, median, shared_data):
    labels = sio.load_slp(str(shared_data / "ants_labels" / "datasets" / f"{name}.v001.slp"), open_videos=False)
    points = np.stack([instance.numpy(invisible_as_nan=True) for frame in labels for instance in frame.instances])
    skeleton = Skeleton(nodes=tuple(labels.skeletons[0].node_names))
    poses = make_poses(make_info(skeleton), frame_idx=np.arange(len(points)), points=points)
    found = features_of(poses, kinds=["segments", "angles"], segments={"ant": ("Head", "Abdomen")})
    assert np.nanmedian(found["segment.ant"]) == pytest.approx(median, abs=0.06)
    # The knees of standing and pulling ants are open, the body is nearly straight.
    assert 60 < np.nanmedian(found["angle.LHindLeg"]) < 160
    assert np.nanmedian(found["angle.LHindLeg"]) == pytest.approx(np.nanmedian(found["angle.RHindLeg"]), abs=6)
    assert np.nanmedian(found["angle.body"]) > 165
