"""A UNet around an encoder trained on ImageNet, with SLEAP's fields.

SLEAP takes the Unet of segmentation_models (Yakubovskiy 2019): nearest upsampling, skip connections at strides 16, 8, 4
and 2, two convolutions with normalisation per block. The decoder is the same here; the encoders are those of
keras.applications, with Keras' weights, so that some differ in detail.
"""

from typing import Any

import keras
from keras import KerasTensor, layers

from antpipe.config.backbones.pretrained_encoder import PretrainedEncoderConfig
from antpipe.config.backbones.sizes import levels
from antpipe.models.backbones._applications import APPLICATIONS
from antpipe.models.backbones._blocks import conv_bn_relu
from antpipe.models.backbones._imagenet import encode, find_weights
from antpipe.models.registry import BACKBONES, Features

CENTRE_FILTERS = 512


@BACKBONES.register("pretrained_encoder")
def pretrained_encoder(x: KerasTensor, config: PretrainedEncoderConfig, output_stride: int) -> list[Features]:
    """Return the features of the encoder's end and of each decoder block by stride, down to `output_stride`.

    The image is (batch, height, width, channels) with height and width multiples of 32.
    """
    application = APPLICATIONS[config.encoder]
    weights = None
    if config.pretrained:
        weights = find_weights(application, config.weights_file, "backbone.pretrained_encoder.weights_file")
    (*skips, x), _ = encode(x, application, weights, change=_padded if application.same_padding else None)
    norm = config.decoder_batchnorm
    options: dict[str, Any] = {"batch_norm": norm, "use_bias": not norm, "kernel_initializer": "he_uniform"}
    if application.centre:
        for conv in (1, 2):
            x = conv_bn_relu(x, CENTRE_FILTERS, f"center_block{conv}", **options)
    by_stride = dict(zip((2, 4, 8, 16), skips, strict=True))
    stride = config.max_stride
    features = {stride: x}
    for block in range(levels(stride // output_stride)):
        stride //= 2
        x = layers.UpSampling2D(2, name=f"decoder_stage{block}_upsampling")(x)
        if stride in by_stride:
            x = layers.Concatenate(name=f"decoder_stage{block}_concat")([x, by_stride[stride]])
        for part in "ab":
            x = conv_bn_relu(x, config.width(block), f"decoder_stage{block}{part}", **options)
        features[stride] = x
    return [features]


def _padded(layer: keras.layers.Layer) -> dict[str, Any]:
    return {"padding": "same"} if layer.get_config().get("padding") == "valid" else {}
