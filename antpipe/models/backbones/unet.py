"""UNet with SLEAP's fields and layer names, so that its trained weights load by name.

Ronneberger et al. 2015, in the form of SLEAP: 3x3 convolutions with bias and no normalisation, max pooling at the
start of each block, skip connections taken from the first encoder feature of a stride.
"""

import math

import keras
from keras import KerasTensor, layers

from antpipe.config.backbones import UNetConfig
from antpipe.models.registry import BACKBONES, Features

CONVS_PER_BLOCK = 2


@BACKBONES.register("unet")
def unet(x: KerasTensor, config: UNetConfig, output_stride: int) -> list[Features]:
    """Return the decoder's features by stride, down to `output_stride`, for each stack.

    The image is (batch, height, width, channels) with height and width multiples of the maximum stride.
    """
    skips: dict[int, KerasTensor] = {}
    x = _stem(x, config, skips)
    outputs = []
    for stack in range(config.stacks):
        stack_skips = dict(skips)
        x = _encoder(x, config, f"stack{stack}", stack_skips)
        features = _decoder(x, config, f"stack{stack}", stack_skips, output_stride)
        x = features[output_stride]
        outputs.append(features)
    return outputs


def _stem(x: KerasTensor, config: UNetConfig, skips: dict[int, KerasTensor]) -> KerasTensor:
    blocks = _log2(config.stem_stride or 1)
    for block in range(blocks):
        if block:
            x = layers.MaxPool2D(2, 2, "same", name=f"stem{block}_pool")(x)
        for conv in range(CONVS_PER_BLOCK):
            x = _conv(x, _filters(config, block), f"stem{block}_conv{conv}", f"stem{block}_act{conv}_relu", kernel=7)
        skips[2**block] = x
    if blocks:
        x = layers.MaxPool2D(2, 2, "same", name=f"stem{blocks}_last_pool")(x)
    return x


def _encoder(x: KerasTensor, config: UNetConfig, prefix: str, skips: dict[int, KerasTensor]) -> KerasTensor:
    stem = _log2(config.stem_stride or 1)
    down = _log2(config.max_stride) - stem
    for block in range(down):
        name = f"{prefix}_enc{block}"
        if block:
            x = layers.MaxPool2D(2, 2, "same", name=f"{name}_pool")(x)
        for conv in range(CONVS_PER_BLOCK):
            x = _conv(x, _filters(config, block + stem), f"{name}_conv{conv}", f"{name}_act{conv}_relu")
        skips[2 ** (block + stem)] = x
    if down:
        x = layers.MaxPool2D(2, 2, "same", name=f"{prefix}_enc{down}_last_pool")(x)
    if config.middle_block:
        filters = _filters(config, down + stem)
        for conv in range(CONVS_PER_BLOCK - 1):
            name = f"{prefix}_enc{down + 1}_middle_expand"
            x = _conv(x, filters, f"{name}_conv{conv}", f"{name}_act{conv}_relu")
        name = f"{prefix}_enc{down + 2}_middle_contract"
        x = _conv(x, filters, f"{name}_conv0", f"{name}_act0_relu")
    return x


def _decoder(
    x: KerasTensor, config: UNetConfig, prefix: str, skips: dict[int, KerasTensor], output_stride: int
) -> Features:
    stride = config.max_stride
    features = {stride: x}
    for block in range(_log2(config.max_stride // output_stride)):
        filters = _filters(config, _log2(stride) - 1)
        name = f"{prefix}_dec{block}_s{stride}_to_s{stride // 2}"
        stride //= 2
        if config.up_interpolate:
            x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_interp_bilinear")(x)
        else:
            x = layers.Conv2DTranspose(filters, 3, 2, "same", name=f"{name}_trans_conv")(x)
            x = layers.Activation("relu", name=f"{name}_trans_conv_act_relu")(x)
        if stride in skips:
            x = layers.Concatenate(name=f"{name}_skip_concat")([skips[stride], x])
        for conv in range(CONVS_PER_BLOCK):
            x = _conv(x, filters, f"{name}_refine_conv{conv}", f"{name}_refine_conv{conv}_act_relu")
        features[stride] = x
    return features


def _conv(x: KerasTensor, filters: int, name: str, activation: str, kernel: int = 3) -> KerasTensor:
    x = layers.Conv2D(filters, kernel, padding="same", name=name)(x)
    return keras.layers.Activation("relu", name=activation)(x)


def _filters(config: UNetConfig, block: int) -> int:
    return int(config.filters * config.filters_rate**block)


def _log2(value: int) -> int:
    return round(math.log2(value))
