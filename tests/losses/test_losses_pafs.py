import keras
import numpy as np
import pytest

from antpipe.config.model import ModelConfig
from antpipe.models.registry import HEADS, LOSSES
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton

NAN = np.nan
ROWS, COLUMNS, STRIDE, SIGMA = 8, 10, 4, 40.0
SKELETON = Skeleton(nodes=("a", "b", "c"), edges=(("b", "a"), ("b", "c")))

TRUTH = np.array(
    [
        [[[12.0, 8.0, -1], [20.5, 17.25, -1], [NAN, NAN, -1]], [[30.0, 20.0, -1], [4.0, 28.0, -1], [8.0, 8.0, -1]]],
        [[[0.0, 0.0, 3], [38.0, 3.0, 3], [10.0, 10.0, 3]], [[NAN, NAN, -1]] * 3],
    ],
    np.float32,
)
"""(samples, instances, nodes, 3): x and y in pixels of the network's input, and a class."""


def spec_of(**pafs):
    config = {"head": {"pafs": {"sigma": SIGMA, "output_stride": STRIDE, **pafs}}}
    config["optimization"] = {"hard_keypoints": {"enabled": True}}
    return ModelSpec(
        model_type="multi_instance", config=ModelConfig.model_validate(config), skeleton=SKELETON, crop_size=None
    )


def target():
    """The true fields (samples, rows, columns, 4): x and y of b-a, then x and y of b-c, summed over instances."""
    cells = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), axis=-1) * float(STRIDE)
    fields = np.zeros((len(TRUTH), ROWS, COLUMNS, 2, 2))
    for sample, instances in enumerate(TRUTH[..., :2].astype(float)):
        for points in instances:
            for edge, (start, end) in enumerate(((points[1], points[0]), (points[1], points[2]))):
                way = end - start
                if np.isfinite(way).all():
                    share = ((cells - start) @ way / (way @ way)).clip(0, 1)[..., None]
                    distance = np.linalg.norm(cells - start - share * way, axis=-1, keepdims=True)
                    fields[sample, :, :, edge] += np.exp(-(distance**4) / (2 * SIGMA**2)) * way / np.linalg.norm(way)
    return fields.reshape(len(TRUTH), ROWS, COLUMNS, 4).astype(np.float32)


def prediction(seed=0):
    return np.random.default_rng(seed).normal(0.1, 0.3, (2, ROWS, COLUMNS, 4)).astype(np.float32)


@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_the_loss_is_the_mean_squared_difference_of_each_sample(weight):
    # Hard keypoint mining, which is on, counts nodes, and so confidence maps alone.
    loss = LOSSES["pafs"](spec_of(loss_weight=weight))
    expected = weight * ((prediction() - target()) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(np.asarray(loss.call(TRUTH, prediction())), expected, rtol=1e-5)
    np.testing.assert_allclose(float(loss(TRUTH, prediction())), expected.mean(), rtol=1e-5)


def test_true_fields_have_no_loss():
    assert float(LOSSES["pafs"](spec_of())(TRUTH, target())) == pytest.approx(0, abs=1e-11)


def test_the_head_reads_features_of_its_own_stride():
    features = {stride: keras.Input((ROWS * 8 // stride, COLUMNS * 8 // stride, 3)) for stride in (2, 4, 8)}
    output = HEADS["pafs"](features, spec_of(), "PartAffinityFieldsHead_0")
    assert output.shape == (None, 2 * ROWS, 2 * COLUMNS, 4)


def test_the_gradient_is_finite_where_points_are_missing():
    # A NaN that is masked too late leaves the loss finite and poisons the gradient.
    image = keras.Input((ROWS, COLUMNS, 4))
    network = keras.Model(image, keras.layers.Conv2D(4, 1)(image))
    network.compile("sgd", loss=LOSSES["pafs"](spec_of()))
    before = [w.copy() for w in network.get_weights()]
    network.train_on_batch(prediction(1), TRUTH)
    assert all(np.isfinite(w).all() for w in network.get_weights())
    assert any((a != b).any() for a, b in zip(before, network.get_weights(), strict=True))
