"""Backbones around the networks of keras.applications: weights from files, image values, skips, dilation."""

import shlex
import sys

import keras
import numpy as np
import pytest
from keras import layers
from keras.src.utils import file_utils
from test_models_backbones import backbone, conv, images, maps_of, network

from antpipe.config.backbone import BackboneConfig
from antpipe.config.backbones.pretrained_encoder import ENCODERS
from antpipe.errors import ModelError
from antpipe.models.backbones._applications import APPLICATIONS
from antpipe.models.backbones._imagenet import DEVIATION, MEAN, encode
from antpipe.models.backbones.pretrained_encoder import _padded
from antpipe.models.backbones.resnet import _dilated

SMALL = {"encoder": "mobilenet", "decoder_filters": 4}


@pytest.fixture(autouse=True)
def keras_home(tmp_path, monkeypatch):
    """An empty cache of Keras, and no way to fill it from the network."""

    def download(*args, **kwargs):
        raise AssertionError("a build asked Keras for a file")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras home"))
    monkeypatch.setattr(file_utils, "get_file", download)
    (tmp_path / "keras home" / "models").mkdir(parents=True)
    return tmp_path / "keras home"


def application(name, **options):
    """The network as keras.applications makes it, without classifier."""
    return getattr(keras.applications, APPLICATIONS[name].function)(include_top=False, **options)


def write_weights(name, path, seed=0):
    """Write random weights in the format that keras.applications loads, normalisations as if they were trained."""
    keras.utils.set_random_seed(seed)
    trained = application(name, weights=None, input_shape=(None, None, 3))
    for layer in trained.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0
        if isinstance(layer, layers.Normalization):
            layer.set_weights([np.array(MEAN), np.square(DEVIATION), np.array(1)])
            layer.finalize_state()
    trained(images(8, (64, 64), 3) / np.float32(64) - 2, training=True)
    trained.save(path)
    return trained


@pytest.fixture
def cached(keras_home):
    """The random weights of MobileNet, in Keras' cache."""
    path = keras_home / "models" / APPLICATIONS["mobilenet"].file
    write_weights("mobilenet", path)
    return path


def test_every_encoder_of_the_settings_has_a_network():
    assert set(APPLICATIONS) == set(ENCODERS)


def features_of(name, path, batch):
    """The features at the end of an encoder."""
    image = keras.Input((None, None, batch.shape[-1]), dtype="uint8")
    taps, _ = encode(layers.Rescaling(1 / 255)(image), APPLICATIONS[name], path)
    return maps_of(keras.Model(image, taps[-1]), batch)[0]


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("vgg16", "resnet50", "densenet121")),
        pytest.param("efficientnetb0", marks=pytest.mark.slow),
    ],
)
def test_an_encoder_sees_what_keras_own_sees(name, tmp_path, monkeypatch):
    path = tmp_path / "weights.h5"
    write_weights(name, path)
    batch = images(2, (64, 96), 3)
    ours = features_of(name, path, batch)
    monkeypatch.setattr(file_utils, "get_file", lambda *args, **kwargs: str(path))
    theirs = application(name, weights="imagenet", input_shape=(None, None, 3))
    make = getattr(keras.applications, APPLICATIONS[name].function)
    values = sys.modules[make.__module__].preprocess_input(batch.astype(np.float32))
    np.testing.assert_allclose(ours, maps_of(theirs, values)[0], rtol=1e-3, atol=1e-4 * np.abs(ours).max())
    assert np.abs(ours[0] - ours[1]).max() > ours.std() / 10


def test_gray_is_colour_of_three_equal_channels(cached):
    gray = images(1, (64, 64), 1)
    np.testing.assert_array_equal(
        features_of("mobilenet", cached, gray), features_of("mobilenet", cached, np.repeat(gray, 3, axis=-1))
    )


class Asked(Exception):
    """Keras asks for a file."""


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_files_have_keras_names_and_skips_their_strides(name, monkeypatch):
    def ask(file, *args, **kwargs):
        raise Asked(file)

    monkeypatch.setattr(file_utils, "get_file", ask)
    with pytest.raises(Asked) as asked:
        application(name)
    assert asked.value.args == (APPLICATIONS[name].file,)
    change = _padded if APPLICATIONS[name].same_padding else None
    taps, _ = encode(keras.Input((64, 96, 1)), APPLICATIONS[name], None, change=change)
    assert [tap.shape[1:3] for tap in taps] == [(64 // s, 96 // s) for s in (2, 4, 8, 16, 32)]


def test_weights_come_from_keras_cache_or_from_a_given_file(cached, tmp_path):
    copy = tmp_path / "my weights ü.h5"
    cached.rename(copy)
    settings = {"pretrained_encoder": {**SMALL, "weights_file": str(copy)}}
    given = network(settings, 16)
    copy.rename(cached)
    found = network({"pretrained_encoder": SMALL}, 16)
    random = network({"pretrained_encoder": {**SMALL, "pretrained": False}}, 16)
    stored = write_weights("mobilenet", tmp_path / "again.h5")
    for whole, equal in ((given, True), (found, True), (random, False)):
        encoder = whole.get_layer("mobilenet")
        same = [np.array_equal(a, b) for a, b in zip(encoder.weights, stored.weights, strict=True)]
        assert all(same) == equal


@pytest.mark.parametrize(
    ("named", "file", "command"),
    [
        (
            {"pretrained_encoder": {}},
            "efficientnetb0_notop.h5",
            "import keras; keras.applications.EfficientNetB0(include_top=False)",
        ),
        (
            {"resnet": {"version": "ResNet101"}},
            "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "import keras; keras.applications.ResNet101(include_top=False)",
        ),
    ],
)
def test_missing_weights_are_one_sentence_with_the_way_out(named, file, command, keras_home):
    with pytest.raises(ModelError) as error:
        backbone(named, 4, keras.Input((None, None, 1)))
    text = str(error.value)
    assert text.startswith(f"{keras_home / 'models' / file}: ImageNet weights not found")
    assert f'`{shlex.quote(sys.executable)} -c "{command}"`' in text
    assert f"in backbone.{next(iter(named))}.weights_file" in text
    assert "\n" not in text


def test_the_cache_is_in_the_home_folder_where_keras_is_not_told_another(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ModelError, match="not found") as error:
        backbone({"pretrained_encoder": SMALL}, 4, keras.Input((None, None, 1)))
    assert str(error.value).startswith(str(tmp_path / ".keras" / "models" / APPLICATIONS["mobilenet"].file))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "weights not found; mend backbone.pretrained_encoder.weights_file"),
        (lambda path: path.write_bytes(b"no HDF5"), "expected weights as keras.applications.MobileNet loads them"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "expected weights as keras.applications.MobileNet"),
        (lambda path: write_weights("mobilenetv2", path), "expected weights as keras.applications.MobileNet loads"),
    ],
)
def test_weights_that_cannot_be_used_are_one_sentence(damage, message, cached):
    damage(cached)
    named = {"pretrained_encoder": {**SMALL, "weights_file": str(cached)}}
    with pytest.raises(ModelError, match=message) as error:
        backbone(named, 32, keras.Input((None, None, 1)))
    assert str(error.value).startswith(f"{cached}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["mobilenet", pytest.param("efficientnetb0", marks=pytest.mark.slow)])
def test_a_trained_network_needs_its_own_weights_only(name, keras_home, tmp_path):
    path = keras_home / "models" / APPLICATIONS[name].file
    write_weights(name, path)
    config = BackboneConfig.model_validate({"pretrained_encoder": {"encoder": name, "decoder_filters": 4}})
    trained = network(config.model_dump(), 16)
    trained.save_weights(tmp_path / "best.weights.h5")
    path.unlink()
    again = network(config.without_stored_weights().model_dump(), 16, seed=3)
    one = images(1, (32, 64))
    assert np.abs(maps_of(again, one)[0] - maps_of(trained, one)[0]).max() > 0
    again.load_weights(tmp_path / "best.weights.h5")
    np.testing.assert_array_equal(maps_of(again, one)[0], maps_of(trained, one)[0])


def test_resnet50_with_its_upsampling_has_the_size_of_its_description():
    upsampling = {"method": "transposed_conv", "skip_connections": "concatenate", "filters": 6, "filters_rate": 0.5}
    named = {"resnet": {"weights": "random", "upsampling": upsampling}}
    whole = network(named, 8)
    assert whole.get_layer("resnet50").count_params() == 23_587_712
    # Two blocks of 6 and 3 filters: transposed 4x4, then 3x3 over the skip's 1024 or 512 channels as well, and 3x3.
    blocks = [(2048, 6, 1024), (6, 3, 512)]
    expected = 0
    for last, wide, skip in blocks:
        expected += conv(last, wide, 4) + conv(skip + wide, wide) + conv(wide, wide) + 3 * 4 * wide
    assert whole.count_params() - 23_587_712 == expected + conv(3, 2, 1)
    (maps,) = maps_of(whole, images(1, (64, 64)))
    assert maps.shape == (1, 8, 8, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("upsampling", "stride", "expected"),
    [
        ({"filters": 5}, 16, conv(2048, 5) + conv(5, 5) + 2 * 4 * 5),
        ({"filters": 5, "refine_convs": 0, "method": "transposed_conv"}, 16, conv(2048, 5, 4) + 4 * 5),
        ({"filters": 5, "refine_convs": 1, "batch_norm": False, "skip_connections": "concatenate"}, 16, conv(3072, 5)),
        # Added where channels differ: the skip goes through 1x1 first, here to the 2048 of the upsampled features.
        ({"filters": 5, "refine_convs": 0, "skip_connections": "add"}, 16, conv(1024, 2048, 1)),
        ({"filters": 5, "block_stride": 4, "refine_convs": 1, "batch_norm": False}, 8, conv(2048, 5)),
    ],
)
def test_every_field_of_the_upsampling_counts(upsampling, stride, expected):
    image = keras.Input((64, 64, 1))
    (features,) = backbone({"resnet": {"weights": "random", "upsampling": upsampling}}, stride, image)
    assert features[stride].shape[1:3] == (64 // stride, 64 // stride)
    assert keras.Model(image, features[stride]).count_params() - 23_587_712 == expected


@pytest.mark.slow
@pytest.mark.parametrize("max_stride", [2, 4, 8, 16])
def test_a_dilated_resnet_sees_at_every_place_what_the_strided_one_sees(max_stride, tmp_path):
    path = tmp_path / "weights.h5"
    write_weights("resnet50", path)
    batch, ends = images(1, (64, 96), 3) / np.float32(255), []
    for stride in (32, max_stride):
        image = keras.Input((None, None, 3))
        taps, _ = encode(image, APPLICATIONS["resnet50"], path, change=_dilated(stride))
        ends += maps_of(keras.Model(image, taps[-1]), batch)
    strided, dilated = ends
    factor = 32 // max_stride
    assert dilated.shape[1:3] == (64 // max_stride, 96 // max_stride)
    np.testing.assert_allclose(dilated[:, ::factor, ::factor], strided, rtol=1e-3, atol=1e-3 * strided.max())
    assert strided.std() > 0


@pytest.mark.slow
def test_frozen_weights_stay_and_tunable_ones_change(keras_home):
    stored = write_weights("resnet50", keras_home / "models" / APPLICATIONS["resnet50"].file)
    for weights, changes in (("frozen", False), ("tunable", True)):
        learner = network({"resnet": {"weights": weights, "upsampling": {"filters": 4}}}, 16)
        learner.compile(keras.optimizers.SGD(1.0), loss="mse", run_eagerly=True)
        truth = np.random.default_rng(0).normal(0, 1, (2, 2, 2, 2))
        learner.train_on_batch(images(2, (32, 32)), truth)
        encoder = learner.get_layer("resnet50")
        moved = [not np.array_equal(a, b) for a, b in zip(encoder.weights, stored.weights, strict=True)]
        assert any(moved) == changes
        assert bool(encoder.trainable_variables) == changes
        assert learner.trainable_variables


@pytest.mark.parametrize(
    ("settings", "layer", "there"),
    [
        ({"encoder": "vgg16"}, "center_block2_bn", True),
        ({"encoder": "vgg16", "decoder_batchnorm": False}, "center_block2_bn", False),
        ({"encoder": "vgg16", "decoder_batchnorm": False}, "decoder_stage3b_conv", True),
        ({"encoder": "mobilenet"}, "center_block1_conv", False),
    ],
)
def test_the_decoder_is_that_of_segmentation_models(settings, layer, there):
    whole = network({"pretrained_encoder": {"pretrained": False, "decoder_filters": 4, **settings}}, 2)
    names = [part.name for part in whole.layers]
    assert (layer in names) == there
    assert [name for name in names if name.endswith("concat")] == [f"decoder_stage{i}_concat" for i in range(4)]
    assert whole.get_layer("decoder_stage0a_conv").use_bias != settings.get("decoder_batchnorm", True)
