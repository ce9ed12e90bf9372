"""The field that is worked out, against the gradient of the networks themselves, and against figures by hand."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from antpipe.config.backbone import BackboneConfig
from antpipe.models.receptive_field import receptive_field
from antpipe.models.registry import BACKBONES

UNET = {"filters": 2, "filters_rate": 1.0}
HOURGLASS = {"filters": 2, "filter_increase": 0, "stem_filters": 2}
RANDOM = {"weights": "random"}
UPSAMPLING = {"filters": 2}
CASES = {
    "unet": [
        ({**UNET, "max_stride": 8}, 4),
        ({**UNET, "max_stride": 16}, 2),
        ({**UNET, "max_stride": 8, "up_interpolate": True}, 1),
        ({**UNET, "max_stride": 8, "middle_block": False}, 8),
        ({**UNET, "max_stride": 8, "stem_stride": 2}, 1),
        ({**UNET, "max_stride": 4, "stem_stride": 2, "stacks": 2}, 2),
    ],
    "leap": [({"filters": 2, "filters_rate": 1.0}, 1), ({"filters": 2, "max_stride": 4, "up_interpolate": True}, 2)],
    "hourglass": [
        ({**HOURGLASS, "max_stride": 16, "stacks": 2}, 4),
        ({**HOURGLASS, "max_stride": 8, "stem_stride": 2, "stacks": 1}, 4),
        ({**HOURGLASS, "max_stride": 4, "stem_stride": 1, "stacks": 1}, 2),
    ],
    "resnet": [
        ({**RANDOM, "upsampling": UPSAMPLING}, 8),
        ({**RANDOM, "max_stride": 8, "upsampling": {**UPSAMPLING, "skip_connections": "add"}}, 4),
        ({**RANDOM, "upsampling": {**UPSAMPLING, "method": "transposed_conv", "block_stride": 4}}, 8),
    ],
    "pretrained_encoder": [
        ({"encoder": encoder, "pretrained": False, "decoder_filters": 2}, 16)
        for encoder in ("vgg16", "mobilenet", "mobilenetv2", "inceptionv3")
    ],
}
HEAVY = {"resnet", "pretrained_encoder"}


def cases():
    for name, rows in CASES.items():
        for number, (settings, stride) in enumerate(rows):
            marks = [pytest.mark.slow] if name in HEAVY else []
            yield pytest.param({name: settings}, stride, marks=marks, id=f"{name}{number}")


def network(named, stride):
    """A network of one map for each stack of a backbone."""
    config = BackboneConfig.model_validate(named)
    config.check_output_stride(stride)
    image = keras.Input((None, None, 1))
    stacks = BACKBONES[config.name](image, config.chosen, stride)
    return keras.Model(image, [layers.Conv2D(1, 1)(features[stride]) for features in stacks]), config.max_stride


def linear(layer):
    """A layer like another one, but with a gradient wherever the other could have one, however small."""
    if not isinstance(layer, layers.Layer):
        return layer
    config = {**layer.get_config(), "dtype": "float64"}
    if isinstance(layer, layers.ReLU | layers.Activation):
        return layers.Activation("linear", name=layer.name, dtype="float64")
    if isinstance(layer, layers.MaxPooling2D):
        return layers.AveragePooling2D(layer.pool_size, layer.strides, layer.padding, name=layer.name, dtype="float64")
    if "activation" in config:
        config["activation"] = "linear"
    return type(layer).from_config(config)


def measured_field(whole, stride, max_stride, room):
    """The widest range of columns in which the gradient of a cell of the last output is not 0."""
    twin = keras.models.clone_model(whole, clone_function=linear, recursive=True)
    for weight in twin.trainable_variables:
        if "kernel" in weight.path:
            # Positive, so that nothing cancels, and of sum 1, so that nothing vanishes; one channel out is depthwise.
            summed = weight.shape[:-1] if weight.shape[-1] > 1 else weight.shape[:2]
            weight.assign(np.full(weight.shape, 1 / np.prod(summed)))
    image = tf.Variable(tf.zeros((1, max_stride, room, 1), tf.float64))
    first = room // 2 // max_stride * max_stride // stride
    widths = []
    for cell in range(first, first + max_stride // stride):
        with tf.GradientTape() as tape:
            maps = twin(image, training=False)
            total = tf.reduce_sum((maps[-1] if isinstance(maps, list) else maps)[:, :, cell])
        columns = np.flatnonzero(np.abs(tape.gradient(total, image)).sum(axis=(0, 1, 3)))
        assert 0 < columns[0] <= columns[-1] < room - 1, "the image is too small for the field"
        widths.append(columns[-1] - columns[0] + 1)
    return max(widths)


@pytest.mark.parametrize(("named", "stride"), cases())
def test_the_field_is_where_the_gradient_of_the_network_is(named, stride):
    whole, max_stride = network(named, stride)
    field = receptive_field(whole, -1, stride, max_stride)
    room = int(2 * field / max_stride + 4) * max_stride
    assert measured_field(whole, stride, max_stride, room) == field


def test_every_backbone_is_measured():
    assert set(CASES) == set(BACKBONES)


def test_later_stacks_see_more():
    whole, max_stride = network({"hourglass": {**HOURGLASS, "max_stride": 8, "stacks": 3}}, 4)
    fields = [receptive_field(whole, number, 4, max_stride) for number in range(3)]
    assert fields[0] < fields[1] < fields[2] == receptive_field(whole, -1, 4, max_stride)


@pytest.mark.slow
def test_a_layer_that_averages_the_image_sees_all_of_it():
    whole, _ = network({"pretrained_encoder": {"pretrained": False, "decoder_filters": 2}}, 4)
    assert receptive_field(whole, -1, 4, 32) == np.inf


def encoder_of_sleap(blocks):
    """What SLEAP's guide counts: two 3x3 convolutions and a pooling in each block down."""
    x = image = keras.Input((None, None, 1))
    for _ in range(blocks):
        x = layers.MaxPooling2D(2)(layers.Conv2D(1, 3, padding="same")(layers.Conv2D(1, 3, padding="same")(x)))
    return keras.Model(image, x)


@pytest.mark.parametrize(("blocks", "field"), [(3, 36), (4, 76), (5, 156), (6, 316)])
def test_the_encoder_alone_has_the_field_of_sleaps_guide(blocks, field):
    assert receptive_field(encoder_of_sleap(blocks), 0, 2**blocks, 2**blocks) == field == 1 + 5 * (2**blocks - 1)


def test_the_figures_of_the_documentation_are_those_of_the_networks():
    text = (Path(__file__).parent.parent.parent / "docs" / "models.md").read_text()
    strides, fields = (
        [int(cell) for cell in re.search(rf"^\| {name}[^|]*\|(.*)\|$", text, re.M)[1].split("|")]
        for name in ("`max_stride`", "receptive field")
    )
    assert strides == [8, 16, 32, 64]
    for max_stride, field in zip(strides, fields, strict=True):
        whole, _ = network({"unet": {**UNET, "max_stride": max_stride}}, 4)
        assert receptive_field(whole, -1, 4, max_stride) == field
