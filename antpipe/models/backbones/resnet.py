"""ResNet (He et al. 2016) as encoder and a stack of upsampling blocks, with SLEAP's fields.

The encoder is keras.applications' (version 1). Unlike SLEAP's, it sees ImageNet's image values also with random
weights, and where `max_stride` is below 32 its 3x3 convolutions are dilated, so that ImageNet weights see what they
were trained on (Chen et al. 2017); SLEAP dilates 1x1 convolutions, which changes nothing.
"""

from typing import Any

import keras
from keras import KerasTensor, layers

from antpipe.config.backbones.resnet import ResNetConfig, UpsamplingConfig
from antpipe.models.backbones._applications import APPLICATIONS
from antpipe.models.backbones._blocks import conv_bn_relu
from antpipe.models.backbones._imagenet import Change, encode, find_weights
from antpipe.models.registry import BACKBONES, Features

STRIDES = {"conv1": 2, "pool1": 4, "conv2": 4, "conv3": 8, "conv4": 16, "conv5": 32}
"""Strides that the parts of Keras' ResNets reach; the names of their layers begin with these."""


@BACKBONES.register("resnet")
def resnet(x: KerasTensor, config: ResNetConfig, output_stride: int) -> list[Features]:
    """Return the features of the encoder's end and of each upsampling block by stride, down to `output_stride`.

    The image is (batch, height, width, channels) with height and width multiples of the maximum stride.
    """
    application = APPLICATIONS[config.version.lower()]
    weights = None
    if config.weights != "random":
        weights = find_weights(application, config.weights_file, "backbone.resnet.weights_file")
    (_, *skips, x), encoder = encode(x, application, weights, change=_dilated(config.max_stride))
    encoder.trainable = config.weights != "frozen"
    features: Features = {config.max_stride: x}
    if config.upsampling is None:
        return [features]
    by_stride = {stride: skip for stride, skip in zip((4, 8, 16), skips, strict=True) if stride < config.max_stride}
    for block, stride in enumerate(config.feature_strides(output_stride)[1:]):
        name = f"upsample_s{stride * config.upsampling.block_stride}_to_s{stride}"
        x = _upsample(x, config.upsampling, config.upsampling.width(block), name, by_stride.get(stride))
        features[stride] = x
    return [features]


def _dilated(max_stride: int) -> Change | None:
    """Return the change that keeps the encoder at `max_stride`: dilation in place of strides."""

    def change(layer: keras.layers.Layer) -> dict[str, Any]:
        factor = STRIDES.get(layer.name.split("_")[0], 1) // max_stride
        if factor <= 1:
            return {}
        if layer.name.endswith("_2_conv"):
            return {"dilation_rate": (factor, factor)}
        return {"strides": (1, 1)} if "strides" in layer.get_config() else {}

    return change if max_stride < STRIDES["conv5"] else None


def _upsample(
    x: KerasTensor, config: UpsamplingConfig, filters: int, name: str, skip: KerasTensor | None
) -> KerasTensor:
    factor = config.block_stride
    if config.method == "transposed_conv":
        kernel = config.transposed_conv_kernel_size
        x = layers.Conv2DTranspose(filters, kernel, factor, "same", name=f"{name}_trans_conv")(x)
        if config.batch_norm:
            x = layers.BatchNormalization(name=f"{name}_bn")(x)
        x = layers.Activation("relu", name=f"{name}_relu")(x)
    else:
        x = layers.UpSampling2D(factor, interpolation="bilinear", name=f"{name}_interp")(x)
    if skip is not None and config.skip_connections == "add":
        if skip.shape[-1] != x.shape[-1]:
            skip = layers.Conv2D(x.shape[-1], 1, name=f"{name}_skip_conv1x1")(skip)
        x = layers.Add(name=f"{name}_skip_add")([skip, x])
    elif skip is not None and config.skip_connections == "concatenate":
        x = layers.Concatenate(name=f"{name}_skip_concat")([skip, x])
    for conv in range(config.refine_convs):
        x = conv_bn_relu(x, filters, f"{name}_refine{conv}", batch_norm=config.batch_norm)
    return x
