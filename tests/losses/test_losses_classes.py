import itertools

import keras
import numpy as np
import pytest

from antpipe.config.model import ModelConfig
from antpipe.models.build import build_network
from antpipe.models.registry import HEADS, LOSSES
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton
from antpipe.targets.class_maps import class_maps

NAN = np.nan
ROWS, COLUMNS, STRIDE, SIGMA = 8, 10, 4, 1.5
TYPES = {"class_maps": "multi_class_bottomup", "class_vectors": "multi_class_topdown"}

TRUTH = np.array(
    [
        [[[12.0, 8.0, 1], [20.5, 17.25, 1]], [[30.0, 20.0, 0], [NAN, NAN, 0]]],
        [[[0.0, 0.0, -1], [38.0, 3.0, -1]], [[16.0, 24.0, 2], [18.0, 24.0, 2]]],
        [[[NAN, NAN, 0], [NAN, NAN, 0]], [[NAN, NAN, -1], [NAN, NAN, -1]]],
    ],
    np.float32,
)
"""(samples, instances, nodes, 3): x and y in pixels of the network's input, and a class."""


def spec_of(head, *, crop_size=32, classes=("a", "b", "c"), max_stride=8, **settings):
    defaults = {"class_maps": {"sigma": SIGMA, "output_stride": STRIDE}, "class_vectors": {"output_stride": 8}}
    config = {
        "backbone": {"unet": {"max_stride": max_stride, "filters": 2}},
        "head": {head: {**defaults[head], **settings}},
        "optimization": {"hard_keypoints": {"enabled": True}},
    }
    return ModelSpec(
        model_type=TYPES[head],
        config=ModelConfig.model_validate(config),
        skeleton=Skeleton(nodes=("n", "m")),
        crop_size=crop_size,
        classes=classes,
    )


def target():
    points, numbers = TRUTH[..., :2] / STRIDE, TRUTH[:, :, 0, 2]
    return (np.asarray(part) for part in class_maps(points, numbers, 3, ROWS, COLUMNS, SIGMA))


def maps(seed=0):
    return np.random.default_rng(seed).uniform(0, 1, (3, ROWS, COLUMNS, 3)).astype(np.float32)


@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_class_maps_count_near_animals_whose_class_is_known(weight):
    # Hard keypoint mining, which is on, counts nodes, and so confidence maps alone.
    loss = LOSSES["class_maps"](spec_of("class_maps", loss_weight=weight))
    true, near = target()
    squared = (maps() - true) ** 2
    expected = [weight * squared[i][near[i] > 0].sum() / (ROWS * COLUMNS * 3) for i in range(3)]
    np.testing.assert_allclose(np.asarray(loss.call(TRUTH, maps())), expected, rtol=1e-5)
    np.testing.assert_allclose(float(loss(TRUTH, maps())), np.mean(expected), rtol=1e-5)
    assert expected[0] > expected[1] > expected[2] == 0


def test_what_class_maps_say_away_from_animals_does_not_matter():
    loss = LOSSES["class_maps"](spec_of("class_maps"))
    true, near = target()
    assert float(loss(TRUTH, np.where(near[..., None] > 0, true, maps()))) == pytest.approx(0, abs=1e-12)
    assert float(loss(TRUTH, np.where(near[..., None] > 0, 1 - true, true))) > 0.01


@pytest.mark.parametrize("weight", [1.0, 0.01])
def test_class_vectors_have_the_cross_entropy_of_their_own_class(weight):
    truth = np.full((4, 1, 2, 3), NAN, np.float32)
    truth[:, 0, :, 2] = np.array([0, 2, 1, -1])[:, None]
    given = np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5], [0.5, 0.0, 0.5], [0.1, 0.8, 0.1]], np.float32)
    loss = LOSSES["class_vectors"](spec_of("class_vectors", loss_weight=weight))
    found = np.asarray(loss.call(truth, given))
    np.testing.assert_allclose(found[:2], weight * -np.log([0.7, 0.5]), rtol=1e-5)
    assert np.isfinite(found).all()
    assert found[2] > weight * 10
    assert found[3] == 0  # an animal whose class is not known teaches nothing


@pytest.mark.parametrize("head", TYPES)
def test_a_step_changes_weights_and_leaves_them_finite(head):
    # A NaN that is masked too late leaves the loss finite and poisons the gradient.
    spec = spec_of(head)
    network = build_network(spec)
    truth = TRUTH[:, 1:] if head == "class_vectors" else TRUTH
    losses = [LOSSES["confidence_maps"](spec), LOSSES[head](spec)]
    network.compile("sgd", loss=losses)
    before = [w.copy() for w in network.get_weights()]
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)
    network.train_on_batch(images, [truth, truth])
    assert all(np.isfinite(w).all() for w in network.get_weights())
    changed = {layer.name: layer.get_weights() for layer in network.layers if layer.weights and "Head" in layer.name}
    assert len(changed) == 2
    assert any((a != b).any() for a, b in zip(before, network.get_weights(), strict=True))


def features(*strides, side=64):
    return {stride: keras.Input((side // stride, side // stride, stride + 1)) for stride in strides}


def test_class_maps_are_read_off_features_of_their_own_stride():
    given = features(2, 4, 8)
    output = HEADS["class_maps"](given, spec_of("class_maps"), "ClassMapsHead_0")
    assert output.shape == (None, 16, 16, 3)
    values = keras.Model(given[4], output).predict_on_batch(np.random.default_rng(0).normal(0, 99, (1, 16, 16, 5)))
    assert 0 <= values.min() < values.max() <= 1


@pytest.mark.parametrize("layers", [0, 1, 3])
@pytest.mark.parametrize(("pool", "inputs"), [(True, 9), (False, 4 * 4 * 9)])
def test_class_vectors_have_the_layers_of_the_settings(layers, pool, inputs):
    given = features(4, 8, side=32)
    spec = spec_of("class_vectors", global_pool=pool, num_fc_layers=layers, num_fc_units=5)
    output = HEADS["class_vectors"](given, spec, "ClassVectorsHead_0")
    network = keras.Model(given[8], output)
    widths = [inputs, *[5] * layers, 3]
    assert network.count_params() == sum((a + 1) * b for a, b in itertools.pairwise(widths))
    assert output.shape == (None, 3)


@pytest.mark.parametrize("pool", [True, False])
def test_class_vectors_sum_to_one_and_see_the_whole_crop(pool):
    network = build_network(spec_of("class_vectors", global_pool=pool))
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)
    vectors = network.predict_on_batch(images)[1]
    np.testing.assert_allclose(vectors.sum(axis=1), 1, rtol=1e-6)
    assert np.abs(vectors[0] - vectors[1]).max() > 0
