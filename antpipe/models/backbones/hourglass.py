"""Stacked hourglasses with SLEAP's fields and layer names.

Newell et al. 2016 in the form of their Associative Embedding (2017), which SLEAP has: single 3x3 convolutions, each
with ReLU and then normalisation, filters that grow by addition, nearest upsampling, skip connections that are added.
"""

from keras import KerasTensor, layers

from antpipe.config.backbones.hourglass import HourglassConfig
from antpipe.config.backbones.sizes import levels
from antpipe.models.registry import BACKBONES, Features


@BACKBONES.register("hourglass")
def hourglass(x: KerasTensor, config: HourglassConfig, output_stride: int) -> list[Features]:
    """Return the features on the way up by stride, down to `output_stride`, for each hourglass.

    The image is (batch, height, width, channels) with height and width multiples of the maximum stride.
    """
    x = stem = _stem(x, config)
    outputs = []
    for stack in range(config.stacks):
        skips: Features = {config.stem_stride: stem}
        for block in range(config.blocks):
            name, stride = f"stack{stack}_enc{block}", config.stem_stride << block
            x = layers.MaxPool2D(2, 2, "same", name=f"{name}_pool")(x)
            x = _conv(x, config.width(block), f"{name}_conv")
            skips[2 * stride] = x
        features = _up(x, config, f"stack{stack}", skips, output_stride)
        x = features[output_stride]
        outputs.append(features)
    return outputs


def _stem(x: KerasTensor, config: HourglassConfig) -> KerasTensor:
    x = _conv(x, config.stem_filters, "stem0_conv7x7", kernel=7, stride=2 if config.stem_stride == 4 else 1)
    x = _conv(x, 2 * config.stem_filters, "stem0_conv3x3")
    x = layers.MaxPool2D(2, 2 if config.stem_stride > 1 else 1, "same", name="stem0_pool")(x)
    return _conv(x, config.filters, "stem0_conv3x3_out")


def _up(x: KerasTensor, config: HourglassConfig, prefix: str, skips: Features, output_stride: int) -> Features:
    stride = config.max_stride
    features = {stride: x}
    for block in range(levels(config.max_stride // output_stride)):
        name, filters = f"{prefix}_dec{block}", config.width(config.blocks - 1 - block)
        stride //= 2
        x = _conv(x, filters, f"{name}_conv")
        x = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_nearest")(x)
        x = layers.Add(name=f"{name}_skip_add")([x, _conv(skips[stride], filters, f"{name}_skip")])
        features[stride] = x
    return features


def _conv(x: KerasTensor, filters: int, name: str, kernel: int = 3, stride: int = 1) -> KerasTensor:
    x = layers.Conv2D(filters, kernel, stride, "same", activation="relu", name=f"{name}_conv")(x)
    return layers.BatchNormalization(name=f"{name}_bn")(x)
