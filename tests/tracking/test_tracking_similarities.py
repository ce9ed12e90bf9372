import math

import numpy as np
import pytest
from drawn_walks import BODY, animals, moved, track

from antpipe.config.tracking import TrackConfig
from antpipe.errors import ConfigError
from antpipe.tracking.found import Shapes
from antpipe.tracking.registry import SIMILARITIES, Setup

NAN = np.nan


def setup(**config):
    if any(name.startswith("oks") for name in config):
        config["similarity"] = "object_keypoint"
    return Setup(config=TrackConfig(method="simple", **config), nodes=4, width=200, height=100)


def shapes(points, scores=None):
    points = np.asarray(points, float)
    return Shapes(points, np.ones(points.shape[:2]) if scores is None else np.asarray(scores, float))


def alike(name, before, now, **config):
    return SIMILARITIES[name](shapes(before), shapes(now), setup(**config))


@pytest.mark.parametrize("name", SIMILARITIES)
def test_every_similarity_prefers_the_same_pose(name):
    poses = animals((50, 50), (54, 50), (120, 80))
    values = alike(name, poses, poses[::-1])
    assert values.shape == (3, 3)
    assert values.argmax(axis=1).tolist() == [2, 1, 0]
    assert values.argmax(axis=0).tolist() == [2, 1, 0]


@pytest.mark.parametrize("name", SIMILARITIES)
def test_every_similarity_falls_with_the_distance(name):
    values = alike(name, animals((50, 50)), animals(*[(50 + 0.4 * d, 50) for d in range(8)]))
    assert (np.diff(values[0]) < 0).all()


@pytest.mark.parametrize("name", SIMILARITIES)
def test_every_similarity_takes_hidden_nodes_and_no_poses(name):
    half = animals((50, 50), (50, 50))
    half[0, :2] = half[1, 2:] = NAN
    values = alike(name, half, animals((50, 50), (90, 50)))
    assert np.isfinite(values).all()
    assert (values[:, 0] > values[:, 1]).all()
    assert alike(name, half, animals()).shape == (2, 0)
    assert alike(name, np.zeros((0, 4, 2)), half).shape == (0, 2)


def test_instance_is_the_mean_of_exp_minus_d_squared():
    shaken = BODY + np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [NAN, NAN]])
    (value,) = alike("instance", [BODY], [shaken])[0]
    assert value == pytest.approx((math.exp(-1) + math.exp(-4) + math.exp(-2)) / 4)
    # Only the nodes of the candidate are counted.
    (value,) = alike("instance", [shaken], [BODY])[0]
    assert value == pytest.approx((math.exp(-1) + math.exp(-4) + math.exp(-2)) / 3)


def test_normalized_instance_is_in_parts_of_the_picture():
    (value,) = alike("normalized_instance", [BODY], [moved(BODY, 20.0, 30.0)])[0]
    assert value == pytest.approx(math.exp(-(0.1**2 + 0.3**2)))


def test_centroid_is_minus_the_distance_of_the_medians():
    far = moved(BODY, 3.0, 4.0)
    far[0] = [-1000, 4]  # a median does not mind
    assert alike("centroid", [BODY], [far])[0, 0] == pytest.approx(-5, abs=1.6)
    assert alike("centroid", [BODY], [moved(BODY, 3.0, 4.0)])[0, 0] == pytest.approx(-5)


def test_iou_is_that_of_boxes_in_whole_pixels():
    a = np.array([[0.0, 0.0], [9.0, 9.0], [5.0, 5.0], [NAN, NAN]])  # 10 x 10 pixels
    b = moved(a, 5.0, 0.0)
    assert alike("iou", [a], [b, a, a + 100])[0].tolist() == pytest.approx([50 / 150, 1, 0])
    dot = np.array([[3.0, 3.0], *[[NAN, NAN]] * 3])
    assert alike("iou", [dot], [dot])[0, 0] == 1


@pytest.mark.parametrize(
    ("normalization", "count"), [("all", 4), ("ref", 3), ("union", 2)], ids=["all", "ref", "union"]
)
def test_object_keypoint_is_divided_by_the_nodes_that_count(normalization, count):
    before, now = BODY.copy(), moved(BODY, 3.0, 0.0)
    before[0], now[1] = NAN, NAN
    value = alike("object_keypoint", [before], [now], oks_errors=2.0, oks_normalization=normalization)[0, 0]
    assert value == pytest.approx(2 * math.exp(-9 / 8) / count)


def test_object_keypoint_knows_errors_and_scores_of_nodes():
    now = moved(BODY, 2.0, 0.0)
    value = alike("object_keypoint", [BODY], [now], oks_errors=(1.0, 2.0, 4.0, 8.0))[0, 0]
    assert value == pytest.approx(sum(math.exp(-4 / (2 * e * e)) for e in (1, 2, 4, 8)) / 4)
    before, after = shapes([BODY], [[1, 0.5, 0.5, 0]]), shapes([BODY], [[0.5, 1, 0.5, 1]])
    weighted = SIMILARITIES["object_keypoint"](before, after, setup(oks_score_weighting=True))
    assert weighted[0, 0] == pytest.approx((0.5 + 0.5 + 0.25) / 4)


def test_object_keypoint_needs_an_error_for_each_node_or_one_for_all():
    # SLEAP cuts or repeats them to fit.
    with pytest.raises(
        ConfigError, match=r"track\.oks_errors: expected one number or one for each of the 4 nodes, got 2"
    ):
        alike("object_keypoint", [BODY], [BODY], oks_errors=(1.0, 2.0))


@pytest.mark.parametrize("matching", ["greedy", "hungarian"])
def test_what_is_equally_unlike_goes_to_the_nearest(matching):
    # 30 px further on, exp(-900) is 0 for all: SLEAP then goes by the order of the instances.
    frames = [animals((0, 0), (60, 0)), animals((90, 0), (30, 0))]
    assert track(frames, method="simple", matching=matching, gate=0.8)[1] == ["track_1", "track_0"]
    frames = [animals((0, 0), (130, 0)), animals((153, 15), (23, 15))]  # boxes that do not touch
    assert track(frames, method="simple", similarity="iou", matching=matching, gate=1.0)[1] == ["track_1", "track_0"]
