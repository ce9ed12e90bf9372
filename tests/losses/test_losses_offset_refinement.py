import keras
import numpy as np
import pytest

from antpipe.config.heads import HeadConfig
from antpipe.losses.offset_refinement import OffsetLoss

NAN = np.nan
ROWS, COLUMNS, STRIDE, SIGMA = 8, 10, 4, 1.5
HEAD = HeadConfig(sigma=SIGMA, output_stride=STRIDE)
TRUTH = np.array(
    [
        [[[12.0, 8.0, 0], [20.5, 17.25, 0]], [[14.0, 9.0, 1], [NAN, NAN, 1]]],
        [[[0.0, 0.0, -1], [38.0, 3.0, -1]], [[NAN, NAN, -1], [NAN, NAN, -1]]],
    ],
    np.float32,
)
"""(samples, instances, nodes, 3) in pixels of the network's input, and classes."""


def target():
    """The way to each point in cells, where its Gaussian of sigma * stride pixels is above 0.2."""
    down, across = np.mgrid[:ROWS, :COLUMNS] * STRIDE
    total = np.zeros((2, ROWS, COLUMNS, 2, 2))
    for sample, instance, node in np.ndindex(2, 2, 2):
        x, y = TRUTH[sample, instance, node, :2].astype(float)
        way = np.stack([x - across, y - down], axis=-1)
        near = np.exp(-(way**2).sum(axis=-1) / (2 * (SIGMA * STRIDE) ** 2)) > 0.2
        total[sample, :, :, node] += np.where(near[..., None], way / STRIDE, 0)
    return total.reshape(2, ROWS, COLUMNS, 4)


def prediction(channels=4):
    return np.random.default_rng(0).normal(0.1, 0.3, (2, ROWS, COLUMNS, channels)).astype(np.float32)


def test_the_loss_is_the_mean_squared_difference_in_cells():
    expected = ((prediction() - target()) ** 2).mean()
    np.testing.assert_allclose(np.asarray(OffsetLoss(HEAD)(TRUTH, prediction())), expected, rtol=1e-5)


def test_it_is_a_loss_of_each_sample():
    each = np.asarray(OffsetLoss(HEAD).call(TRUTH, prediction()))
    np.testing.assert_allclose(each, ((prediction() - target()) ** 2).mean(axis=(1, 2, 3)), rtol=1e-5)


def test_true_offsets_have_no_loss():
    assert float(np.asarray(OffsetLoss(HEAD)(TRUTH, target().astype(np.float32)))) == pytest.approx(0, abs=1e-10)


def test_the_gradient_is_finite_where_points_are_missing():
    image = keras.Input((ROWS, COLUMNS, 1))
    network = keras.Model(image, keras.layers.Conv2D(4, 1)(image))
    network.compile("sgd", loss=OffsetLoss(HEAD))
    before = [w.copy() for w in network.get_weights()]
    network.train_on_batch(prediction(1), TRUTH)
    assert all(np.isfinite(w).all() for w in network.get_weights())
    assert any((a != b).any() for a, b in zip(before, network.get_weights(), strict=True))
