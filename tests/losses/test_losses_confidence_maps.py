import keras
import numpy as np
import pytest

from antpipe.config.heads import HeadConfig
from antpipe.config.optimization import HardKeypointConfig
from antpipe.losses._hard_keypoints import hard_keypoint_loss
from antpipe.losses.confidence_maps import ConfidenceMapLoss

NAN = np.nan
OFF = HardKeypointConfig()
ROWS, COLUMNS, STRIDE, SIGMA = 8, 10, 4, 1.5

POINTS = np.array(
    [
        [[12.0, 8.0], [20.5, 17.25], [NAN, NAN]],
        [[0.0, 0.0], [38.0, 3.0], [10.0, 10.0]],
    ],
    np.float32,
)
"""(samples, nodes, 2) in pixels of the network's input."""


def head(**values):
    return HeadConfig(**{"sigma": SIGMA, "output_stride": STRIDE, **values})


def target(points, joint):
    """The true maps, in pixels of the input: the Gaussian's width is sigma * stride pixels."""
    down, across = np.mgrid[:ROWS, :COLUMNS] * STRIDE
    x, y = points[:, None, None, :, 0].astype(float), points[:, None, None, :, 1].astype(float)
    squared = (across[None, :, :, None] - x) ** 2 + (down[None, :, :, None] - y) ** 2
    maps = np.nan_to_num(np.exp(-squared / (2 * (SIGMA * STRIDE) ** 2)), nan=0.0)
    return maps.max(axis=3, keepdims=True) if joint else maps


def truth(points, joint):
    """The points as those of one instance, or of one node of several, with a class that the maps do not look at."""
    points = points[:, :, None] if joint else points[:, None]
    classes = np.random.default_rng(3).integers(-1, 5, (*points.shape[:-1], 1))
    return np.concatenate([points, classes], axis=-1).astype(np.float32)


def prediction(maps, seed=0):
    return np.random.default_rng(seed).normal(0.1, 0.3, (2, ROWS, COLUMNS, maps)).astype(np.float32)


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_the_loss_is_the_mean_squared_difference(joint, weight):
    predicted = prediction(1 if joint else 3)
    loss = ConfidenceMapLoss(head(loss_weight=weight), OFF)
    expected = weight * ((predicted - target(POINTS, joint)) ** 2).mean()
    np.testing.assert_allclose(np.asarray(loss(truth(POINTS, joint), predicted)), expected, rtol=1e-5)


@pytest.mark.parametrize("joint", [False, True])
def test_true_maps_have_no_loss(joint):
    loss = ConfidenceMapLoss(head(), OFF)
    maps = target(POINTS, joint).astype(np.float32)
    np.testing.assert_allclose(np.asarray(loss(truth(POINTS, joint), maps)), [0, 0], atol=1e-12)


def numpy_hard_loss(squared, ratio, least, most, scale):
    """SLEAP's formula, written as it is described."""
    per_node = squared.sum(axis=(0, 1, 2))
    hard = int((per_node / per_node.min() >= ratio).sum())
    count = min(max(hard, least), len(per_node) if most is None else most)
    top = np.sort(per_node)[::-1][:count]
    batch, rows, columns, _ = squared.shape
    return scale * top.sum() / (batch * rows * columns * count)


@pytest.mark.parametrize(
    ("heights", "ratio", "least", "most", "scale"),
    [
        ([1, 1, 1, 1], 2.0, 2, None, 5.0),  # none is hard: the least number counts
        ([1, 1.3, 3, 4], 2.0, 1, None, 5.0),  # the squares are 1, 1.7, 9, 16: two are hard
        ([1, 2, 3, 4], 2.0, 2, None, 5.0),
        ([1, 2, 3, 4], 2.0, 2, 2, 5.0),  # three would be, two may
        ([1, 2, 3, 4], 1.0, 1, None, 1.0),  # all
        ([4, 3, 2, 1], 2.0, 3, 3, 0.0),
        ([1, 2, 3, 4], 2.0, 3, 1, 5.0),  # the most is fewer than the least
        ([1, 2], 100.0, 4, None, 5.0),  # more than there are
        ([2], 2.0, 2, None, 5.0),
    ],
)
def test_hard_nodes_count_once_more(heights, ratio, least, most, scale):
    config = HardKeypointConfig(enabled=True, ratio=ratio, min_nodes=least, max_nodes=most, loss_scale=scale)
    squared = (np.random.default_rng(0).uniform(0.9, 1.0, (3, 4, 5, len(heights))) * np.array(heights) ** 2).astype(
        np.float32
    )
    expected = numpy_hard_loss(squared, ratio, min(least, len(heights)), most, scale)
    assert float(np.asarray(hard_keypoint_loss(squared, config))) == pytest.approx(expected, rel=1e-5)


def test_the_loss_with_hard_nodes_is_the_sum_of_both():
    hard = HardKeypointConfig(enabled=True, ratio=1.5, min_nodes=1)
    predicted = prediction(3) * np.array([1, 3, 6], np.float32)
    squared = (predicted - target(POINTS, joint=False)) ** 2
    plain = squared.mean()
    expected = 2 * (plain + numpy_hard_loss(squared, 1.5, 1, None, 5.0))
    loss = ConfidenceMapLoss(head(loss_weight=2.0), hard)
    np.testing.assert_allclose(np.asarray(loss(truth(POINTS, joint=False), predicted)), expected, rtol=1e-5)


def test_a_node_without_loss_does_not_divide_by_zero():
    squared = np.zeros((1, 4, 4, 3), np.float32)
    squared[..., 0] = 1
    assert float(np.asarray(hard_keypoint_loss(squared, HardKeypointConfig(enabled=True)))) == pytest.approx(2.5)


@pytest.mark.parametrize("hard", [OFF, HardKeypointConfig(enabled=True)], ids=["plain", "hard nodes"])
def test_the_gradient_is_finite_where_points_are_missing(hard):
    # A NaN that is masked too late leaves the loss finite and poisons the gradient.
    maps = keras.layers.Conv2D(3, 1)
    image = keras.Input((ROWS, COLUMNS, 1))
    network = keras.Model(image, maps(image))
    network.compile("sgd", loss=ConfidenceMapLoss(head(), hard))
    before = [w.copy() for w in network.get_weights()]
    network.train_on_batch(prediction(1), truth(POINTS, joint=False))
    assert all(np.isfinite(w).all() for w in network.get_weights())
    assert any((a != b).any() for a, b in zip(before, network.get_weights(), strict=True))
