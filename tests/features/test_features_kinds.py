"""The contract of every feature, whatever it measures."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_animals_that_move import STICK, features_of, make_info, simulated_ants, stick_at

from antpipe.config.features import FeaturesConfig
from antpipe.errors import ConfigError
from antpipe.features.measure import measure
from antpipe.features.plan import describe_columns, plan_features
from antpipe.features.registry import FEATURES
from antpipe.poses import Skeleton, concat_poses, empty_poses, make_poses

OF_STICK = {"angles": {"a": STICK.nodes}, "body": STICK.nodes, "axis": ("tail", "head"), "centre": "middle"}


def broken_tracks():
    """Return simulated ants with gaps in their tracks, hidden nodes, and an ant without a track."""
    poses, _ = simulated_ants()
    rng = np.random.default_rng(7)
    points = poses.points.copy()
    points[rng.random(points.shape[:2]) < 0.15] = np.nan
    long_gap = (poses.track == "ant_02") & (poses.frame_idx > 20) & (poses.frame_idx < 34)
    track = np.where(poses.track == "ant_04", None, poses.track)
    poses = replace(poses, points=points, track=track)
    return poses[(rng.random(len(poses)) > 0.2) & ~long_gap]


@pytest.mark.parametrize("kind", FEATURES)
@pytest.mark.parametrize("skeleton", ["ant", "stick"])
def test_every_feature_has_a_unit_a_meaning_and_a_value_for_each_instance(kind, skeleton):
    if skeleton == "ant":
        poses, settings = simulated_ants()[0], {}
    else:
        places = np.linspace((10, 10), (300, 200), 60)
        poses = make_poses(make_info(), frame_idx=np.arange(60), points=stick_at(places, 30.0), track=["a"] * 60)
        settings = OF_STICK
    found = features_of(poses, kinds=[kind], **settings)
    columns = describe_columns(plan_features(FeaturesConfig(kinds=[kind], **settings), poses.info.skeleton), poses.info)
    assert found.keys() == columns.keys() != set()
    for name, values in found.items():
        assert columns[name]["unit"]
        assert columns[name]["meaning"]
        assert values.shape == (len(poses),)
        assert values.dtype == np.float32
        assert skeleton == "ant" or kind == "neighbour_distance" or not np.isnan(values).any()
        assert not np.isinf(values).any()
        assert np.isnan(values).mean() < 0.5 or (skeleton, kind) == ("stick", "neighbour_distance")


@pytest.mark.parametrize("kind", FEATURES)
def test_every_feature_takes_a_video_without_animals_and_animals_without_nodes(kind):
    assert all(len(values) == 0 for values in features_of(empty_poses(make_info()), kinds=[kind], **OF_STICK).values())
    blind = make_poses(make_info(), frame_idx=[0, 1], points=np.full((2, 3, 2), np.nan), track=["a", "a"])
    for values in features_of(blind, kinds=[kind], **OF_STICK).values():
        assert np.isnan(values).all()


@pytest.mark.parametrize("kind", FEATURES)
@pytest.mark.parametrize("rows", [1, 7, 50])
def test_every_feature_is_the_same_in_small_row_groups_as_in_one(kind, rows):
    poses = broken_tracks()
    parts = [poses[start : start + rows] for start in range(0, len(poses), rows)]
    settings = {"kinds": [kind], "window": 5, "max_gap": 2}
    whole, streamed = features_of(poses, **settings), features_of(poses, parts, **settings)
    for name, values in whole.items():
        np.testing.assert_allclose(streamed[name], values, rtol=1e-6, atol=1e-5, err_msg=name)
        assert 0 < np.isnan(values).mean() < 1 or kind in ("contacts", "neighbour_distance")


@pytest.mark.parametrize("kind", FEATURES)
def test_every_feature_looks_only_as_far_as_it_says(kind):
    poses = broken_tracks()
    config = FeaturesConfig(kinds=[kind], window=5, max_gap=2)
    reach = plan_features(config, poses.info.skeleton)[kind].reach
    middle = 30
    near = poses[np.abs(poses.frame_idx - middle) <= reach]
    settings = {"kinds": [kind], "window": 5, "max_gap": 2}
    whole, seen = features_of(poses, **settings), features_of(near, **settings)
    for name, values in whole.items():
        np.testing.assert_allclose(
            seen[name][near.frame_idx == middle], values[poses.frame_idx == middle], rtol=1e-6, atol=1e-5
        )


@pytest.mark.parametrize("kind", FEATURES)
def test_every_feature_knows_the_ant_and_asks_for_the_nodes_of_others(kind):
    bare = Skeleton(nodes=("a", "b"))
    known = features_of(empty_poses(make_info(bare)), kinds=[kind])
    # Where an animal is can be told of any; what its legs are cannot.
    assert bool(known) == (kind in ("speed", "neighbour_distance", "contacts"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"angles": {"knee": ("tail", "midle", "head")}},
            "features.angles.knee: unknown node 'midle'; did you mean ",
        ),
        ({"segments": {"s": ("x", "y")}}, r"features.segments.s: unknown node 'x'; the skeleton has \['tail', "),
        ({"body": ("tail", "nose")}, "features.body: unknown node 'nose'"),
        ({"axis": ("tail", "nose")}, "features.axis: unknown node 'nose'"),
        ({"centre": "nose"}, "features.centre: unknown node 'nose'"),
    ],
)
def test_a_node_that_the_skeleton_lacks_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        plan_features(FeaturesConfig(kinds=list(FEATURES), **settings), STICK)


def test_a_feature_with_the_name_of_a_node_column_is_refused():
    skeleton = Skeleton(nodes=("angle", "b", "c"))
    features = plan_features(FeaturesConfig(angles={"x": ("angle", "b", "c")}), skeleton)
    with pytest.raises(ConfigError, match=r"two columns would be called 'angle\.x'; give the feature another name"):
        describe_columns(features, make_info(skeleton))


def test_the_rows_that_come_out_are_those_that_went_in():
    poses = broken_tracks()
    features = plan_features(FeaturesConfig(), poses.info.skeleton)
    info = replace(poses.info, features=describe_columns(features, poses.info))
    parts = [poses[start : start + 10] for start in range(0, len(poses), 10)]
    out = concat_poses(list(measure(parts, list(features.values()), info)))
    for name in ("frame_idx", "instance_idx", "track", "points", "time_s"):
        np.testing.assert_array_equal(getattr(out, name), getattr(poses, name))
