"""What holds for every backbone, and the sizes and names of the small ones."""

import keras
import numpy as np
import pytest
from keras import layers

from antpipe.config.backbone import BackboneConfig
from antpipe.models.registry import BACKBONES

MOBILENET = {"encoder": "mobilenetv2", "pretrained": False, "decoder_filters": 4}
UPSAMPLING = {"filters": 4, "refine_convs": 1}
CASES = {
    # settings, output stride, channels
    "unet": [
        ({"filters": 4, "max_stride": 4, "stem_stride": 2, "stacks": 2, "up_interpolate": True}, 2, 3),
        ({"filters": 4, "max_stride": 8, "stem_stride": 4, "middle_block": False}, 1, 1),
    ],
    "leap": [
        ({"filters": 4, "filters_rate": 1.5}, 2, 3),
        ({"filters": 4, "max_stride": 2, "stacks": 2, "up_interpolate": True}, 1, 1),
    ],
    "hourglass": [
        ({"filters": 4, "filter_increase": 2, "stem_filters": 4, "max_stride": 8, "stacks": 2}, 4, 1),
        ({"filters": 4, "filter_increase": 3, "stem_filters": 4, "max_stride": 4, "stem_stride": 1, "stacks": 1}, 2, 3),
    ],
    "resnet": [
        ({"weights": "random", "upsampling": UPSAMPLING}, 8, 1),
        ({"weights": "random", "max_stride": 16, "upsampling": None}, 16, 3),
        (
            {
                "weights": "random",
                "max_stride": 8,
                "upsampling": {**UPSAMPLING, "method": "transposed_conv", "block_stride": 4, "skip_connections": "add"},
            },
            2,
            1,
        ),
    ],
    "pretrained_encoder": [
        (MOBILENET, 4, 1),
        (MOBILENET | {"decoder_batchnorm": False}, 32, 3),
        ({**MOBILENET, "encoder": "vgg16"}, 1, 1),
    ],
}
HEAVY = {"resnet", "pretrained_encoder"}


def cases():
    """All cases; heavy ones are slow."""
    for name, rows in CASES.items():
        for number, (settings, stride, channels) in enumerate(rows):
            marks = [pytest.mark.slow] if name in HEAVY else []
            yield pytest.param({name: settings}, stride, channels, marks=marks, id=f"{name}{number}")


def backbone(named, stride, image):
    """The features by stride of each stack, for gray levels of 0 to 1."""
    config = BackboneConfig.model_validate(named)
    config.check_output_stride(stride)
    return BACKBONES[config.name](image, config.chosen, stride)


def network(named, stride, channels=1, seed=0, maps=2):
    """A network of gray levels of 0 to 255 with the backbone and a map layer per stack."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((None, None, channels), dtype="uint8")
    stacks = backbone(named, stride, layers.Rescaling(1 / 255)(image))
    return keras.Model(image, [layers.Conv2D(maps, 1, dtype="float32")(features[stride]) for features in stacks])


def maps_of(whole, batch):
    """What each output of a network gives for a batch."""
    maps = whole(batch, training=False)
    return [np.asarray(m) for m in (maps if isinstance(maps, list) else [maps])]


def images(batch, size, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (batch, *size, channels), np.uint8)


def test_every_backbone_has_cases():
    assert set(CASES) == set(BACKBONES) == set(BackboneConfig.model_fields)


@pytest.mark.parametrize(("named", "stride", "channels"), cases())
def test_the_contract_of_backbones(named, stride, channels, tmp_path):
    config = BackboneConfig.model_validate(named)
    first, same, other = (network(named, stride, channels, seed) for seed in (1, 1, 2))
    for a, b in zip(first.weights, same.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    # The size.
    height, width = config.max_stride, 3 * config.max_stride
    four = images(4, (height, width), channels)
    before = maps_of(first, four)
    assert [m.shape for m in before] == [(4, height // stride, width // stride, 2)] * getattr(
        config.chosen, "stacks", 1
    )
    assert all(np.isfinite(m).all() and m.std() > 0 for m in before)
    # An image alone and among others.
    for together, alone in zip(before, maps_of(first, four[:1]), strict=True):
        np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-5)
    # Learning, and a trained network from its file.
    truth = np.random.default_rng(1).normal(0, 1, before[0].shape)
    learner = keras.Model(first.inputs[0], first.outputs)
    learner.compile(keras.optimizers.Adam(1e-4), loss="mse", run_eagerly=True)
    losses = [learner.train_on_batch(four, [truth] * len(before), return_dict=True)["loss"] for _ in range(4)]
    assert losses[3] < losses[0]
    first.save_weights(tmp_path / "best.weights.h5")
    trained = maps_of(first, four)
    assert all(np.abs(a - b).max() > 1e-6 for a, b in zip(trained, maps_of(other, four), strict=True))
    other.load_weights(tmp_path / "best.weights.h5")
    for a, b in zip(trained, maps_of(other, four), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("named", "stride", "channels"), cases())
def test_heads_attach_at_every_stride_that_the_settings_name(named, stride, channels):
    config = BackboneConfig.model_validate(named)
    size = 2 * config.max_stride
    for features in backbone(named, stride, keras.Input((size, 3 * size, channels))):
        assert set(features) == set(config.feature_strides(stride))
        assert all(f.shape[1:3] == (size // s, 3 * size // s) for s, f in features.items())


@pytest.mark.parametrize(("named", "stride", "channels"), cases())
def test_it_runs_in_bfloat16(named, stride, channels):
    size = 2 * BackboneConfig.model_validate(named).max_stride
    one = images(1, (size, size), channels)
    exact = maps_of(network(named, stride, channels), one)
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        half = network(named, stride, channels)
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
    assert half.layers[-1].compute_dtype == "float32"
    assert half.layers[2].compute_dtype == "bfloat16"
    for a, b in zip(exact, maps_of(half, one), strict=True):
        assert b.dtype == np.float32
        assert np.abs(a - b).max() < 0.1 * np.abs(a).max()


def drawn_settings(random):
    """Settings of a small backbone, drawn without regard to what fits."""

    def one_of(*values):
        return values[random.integers(len(values))]

    small = {"filters": one_of(1, 2, 5), "max_stride": one_of(1, 2, 3, 4, 8), "stacks": one_of(1, 2)}
    rate = {"filters_rate": one_of(0.4, 0.7, 1.0, 2.0), "up_interpolate": one_of(False, True)}
    unet = {**small, **rate, "stem_stride": one_of(None, 1, 2, 4), "middle_block": one_of(False, True)}
    hourglass = {
        **small,
        "stem_stride": one_of(1, 2, 4),
        "stem_filters": one_of(1, 3),
        "filter_increase": one_of(0, 2),
    }
    return one_of({"unet": unet}, {"leap": {**small, **rate}}, {"hourglass": hourglass})


def drawn_encoders(random):
    """Settings of a network around an encoder, drawn without regard to what fits."""

    def one_of(*values):
        return values[random.integers(len(values))]

    upsampling = {
        "method": one_of("interpolation", "transposed_conv"),
        "skip_connections": one_of(None, "add", "concatenate"),
        "block_stride": one_of(2, 4, 8, 6),
        "filters": one_of(2, 3),
        "filters_rate": one_of(0.4, 1.0, 2.0),
        "refine_convs": one_of(0, 2),
        "batch_norm": one_of(False, True),
        "transposed_conv_kernel_size": one_of(2, 4, 5),
    }
    resnet = {"weights": "random", "max_stride": one_of(1, 2, 4, 8, 16, 32), "upsampling": one_of(None, upsampling)}
    encoder = {"encoder": one_of("mobilenet", "vgg16"), "decoder_filters": 2, "decoder_filters_rate": one_of(0.4, 2.0)}
    return one_of({"resnet": resnet}, {"pretrained_encoder": {**encoder, "pretrained": False}})


@pytest.mark.parametrize(
    ("draw", "count", "size"),
    [
        (drawn_settings, 25, (16, 24)),
        pytest.param(drawn_encoders, 12, (64, 96), marks=pytest.mark.slow),
    ],
)
def test_any_settings_build_as_declared_or_are_refused(draw, count, size):
    random = np.random.default_rng(0)
    built = refused = 0
    while built < count:
        named, stride = draw(random), int(2 ** random.integers(4))
        try:
            BackboneConfig.model_validate(named).check_output_stride(stride)
        except ValueError:  # pydantic's is one
            refused += 1
            continue
        stacks = backbone(named, stride, keras.Input((*size, 1)))
        assert {f[stride].shape[1:3] for f in stacks} == {(size[0] // stride, size[1] // stride)}, (named, stride)
        built += 1
    assert refused > count / 2


def conv(channels, filters, kernel=3):
    return kernel**2 * channels * filters + filters


def parameters_of_leap(filters, rate, max_stride, output_stride, transposed, channels):
    """The number of parameters, added up by hand: three convolutions per block down, one (transposed) and two up."""
    down, up = max_stride.bit_length() - 1, (max_stride // output_stride).bit_length() - 1
    total, last = 0, channels
    for block in range(down):
        wide = int(filters * rate**block)
        total += conv(last, wide) + 2 * conv(wide, wide)
        last = wide
    for block in range(up, 0, -1):
        wide = int(filters * rate**block)
        total += (conv(last, wide) + 2 * conv(wide, wide)) if transposed else (conv(last, wide) + conv(wide, wide))
        last = wide
    return total


@pytest.mark.parametrize(
    ("filters", "rate", "max_stride", "output_stride", "interpolate", "channels"),
    [(4, 2.0, 8, 1, False, 1), (5, 1.5, 16, 4, True, 3), (4, 1.0, 2, 2, False, 1), (64, 2.0, 8, 1, False, 1)],
)
def test_leap_has_the_size_of_its_description(filters, rate, max_stride, output_stride, interpolate, channels):
    settings = {"filters": filters, "filters_rate": rate, "max_stride": max_stride, "up_interpolate": interpolate}
    expected = parameters_of_leap(filters, rate, max_stride, output_stride, not interpolate, channels)
    last = settings["filters"] * rate if output_stride < max_stride else filters * rate ** (max_stride.bit_length() - 2)
    whole = network({"leap": settings}, output_stride, channels, maps=3)
    assert whole.count_params() == expected + conv(int(last), 3, 1)


def parameters_of_hourglass(stem_filters, filters, increase, blocks, up, stacks, channels):
    """The number of parameters, added up by hand; a normalisation has four per filter."""

    def step(last, wide, kernel=3):
        return conv(last, wide, kernel) + 4 * wide

    total = step(channels, stem_filters, 7) + step(stem_filters, 2 * stem_filters) + step(2 * stem_filters, filters)
    wide = [filters + block * increase for block in range(blocks)]
    for _ in range(stacks):
        total += sum(step(a, b) for a, b in zip([filters, *wide], wide, strict=False))
        last, skips = wide[-1], [filters, *wide]
        for block in range(up):
            total += step(last, wide[-1 - block]) + step(skips[-2 - block], wide[-1 - block])
            last = wide[-1 - block]
    return total


@pytest.mark.parametrize(
    ("stem_filters", "filters", "increase", "stem", "max_stride", "output_stride", "stacks", "channels"),
    [(4, 6, 2, 4, 32, 4, 2, 1), (3, 4, 0, 1, 8, 2, 1, 3), (2, 5, 3, 2, 4, 2, 3, 1), (4, 4, 1, 4, 64, 64, 1, 1)],
)
def test_an_hourglass_has_the_size_of_its_description(
    stem_filters, filters, increase, stem, max_stride, output_stride, stacks, channels
):
    settings = {"stem_filters": stem_filters, "filters": filters, "filter_increase": increase}
    settings |= {"stem_stride": stem, "max_stride": max_stride, "stacks": stacks}
    blocks, up = (max_stride // stem).bit_length() - 1, (max_stride // output_stride).bit_length() - 1
    heads = stacks * conv(filters + (blocks - max(up, 1)) * increase, 2, 1)
    whole = network({"hourglass": settings}, output_stride, channels)
    assert whole.count_params() - heads == parameters_of_hourglass(
        stem_filters, filters, increase, blocks, up, stacks, channels
    )


@pytest.mark.parametrize(
    ("named", "million"), [({"leap": {}}, 10.8), ({"unet": {"filters": 64}}, 34.5)], ids=["leap", "unet"]
)
def test_sleaps_defaults_have_the_size_that_sleap_says(named, million):
    image = keras.Input((None, None, 1))
    (features,) = backbone(named, 1, image)
    assert keras.Model(image, features[1]).count_params() / 1e6 == pytest.approx(million, abs=0.05)


def names(named, stride, channels=1):
    return {layer.name for layer in network(named, stride, channels).layers if layer.weights}


def test_layers_have_sleaps_names():
    leap = names({"leap": {"filters": 2, "max_stride": 2}}, 1)
    assert leap > {f"stack0_enc0_conv{i}" for i in range(3)} | {"stack0_dec0_s2_to_s1_trans_conv"}
    assert leap > {"stack0_dec0_s2_to_s1_refine_conv0", "stack0_dec0_s2_to_s1_refine_conv1"}
    hourglass = {"filters": 2, "filter_increase": 0, "stem_filters": 2, "max_stride": 8, "stacks": 2}
    parts = {f"stem0_{part}" for part in ("conv7x7", "conv3x3", "conv3x3_out")}
    parts |= {f"stack{i}_{part}" for i in (0, 1) for part in ("enc0_conv", "dec0_conv", "dec0_skip")}
    assert names({"hourglass": hourglass}, 4) > {f"{part}_{kind}" for part in parts for kind in ("conv", "bn")}


def test_the_end_of_a_stem_is_a_skip_and_what_lies_before_it_is_none():
    image = keras.Input((None, None, 1))
    (features,) = backbone({"unet": {"filters": 2, "max_stride": 8, "stem_stride": 4}}, 1, image)
    whole = keras.Model(image, features[1])
    joined = [layer for layer in whole.layers if isinstance(layer, layers.Concatenate)]
    assert [layer.name for layer in joined] == ["stack0_dec0_s8_to_s4_skip_concat"]
    assert joined[0].input[0] is whole.get_layer("stem2_last_pool").output


def test_every_hourglass_sees_the_stem():
    settings = {"filters": 2, "filter_increase": 1, "stem_filters": 2, "max_stride": 16, "stacks": 2}
    whole = network({"hourglass": settings}, 4)
    stem = whole.get_layer("stem0_conv3x3_out_bn").output
    assert all(whole.get_layer(f"stack{stack}_dec1_skip_conv").input is stem for stack in (0, 1))
    assert whole.get_layer("stack1_enc0_pool").input is whole.get_layer("stack0_dec1_skip_add").output
