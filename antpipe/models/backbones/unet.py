"""UNet with SLEAP's fields and layer names, so that its trained weights load by name.

Ronneberger et al. 2015, in the form of SLEAP: 3x3 convolutions with bias and no normalisation, max pooling at the
start of each block, skip connections taken from the stem's end and from the encoder, at each stride from the first.
"""

from keras import KerasTensor, layers

from antpipe.config.backbones.sizes import levels
from antpipe.config.backbones.unet import UNetConfig
from antpipe.models.backbones._blocks import conv_relu, decode
from antpipe.models.registry import BACKBONES, Features

CONVS_PER_BLOCK = 2


@BACKBONES.register("unet")
def unet(x: KerasTensor, config: UNetConfig, output_stride: int) -> list[Features]:
    """Return the decoder's features by stride, down to `output_stride`, for each stack.

    The image is (batch, height, width, channels) with height and width multiples of the maximum stride.
    """
    stem, up = config.stem_stride or 1, levels(config.max_stride // output_stride)
    widths = [config.width(levels(config.max_stride) - 1 - block) for block in range(up)]
    x = _stem(x, config)
    stem_end = {stem: x} if stem > 1 else {}
    outputs = []
    for stack in range(config.stacks):
        skips = dict(stem_end)
        x = _encoder(x, config, f"stack{stack}", skips)
        features = decode(x, config.max_stride, widths, f"stack{stack}", interpolate=config.up_interpolate, skips=skips)
        x = features[output_stride]
        outputs.append(features)
    return outputs


def _stem(x: KerasTensor, config: UNetConfig) -> KerasTensor:
    blocks = levels(config.stem_stride or 1)
    for block in range(blocks):
        if block:
            x = layers.MaxPool2D(2, 2, "same", name=f"stem{block}_pool")(x)
        for conv in range(CONVS_PER_BLOCK):
            x = conv_relu(x, config.width(block), f"stem{block}_conv{conv}", f"stem{block}_act{conv}_relu", kernel=7)
    if blocks:
        x = layers.MaxPool2D(2, 2, "same", name=f"stem{blocks}_last_pool")(x)
    return x


def _encoder(x: KerasTensor, config: UNetConfig, prefix: str, skips: dict[int, KerasTensor]) -> KerasTensor:
    """Return the features of the maximum stride, and add those on the way to `skips`, where none are yet."""
    stem = levels(config.stem_stride or 1)
    down = levels(config.max_stride) - stem
    for block in range(down):
        name = f"{prefix}_enc{block}"
        if block:
            x = layers.MaxPool2D(2, 2, "same", name=f"{name}_pool")(x)
        for conv in range(CONVS_PER_BLOCK):
            x = conv_relu(x, config.width(block + stem), f"{name}_conv{conv}", f"{name}_act{conv}_relu")
        skips.setdefault(2 ** (block + stem), x)
    if down:
        x = layers.MaxPool2D(2, 2, "same", name=f"{prefix}_enc{down}_last_pool")(x)
    if config.middle_block:
        filters = config.width(down + stem)
        for number, part in enumerate(("expand", "contract"), 1):
            name = f"{prefix}_enc{down + number}_middle_{part}"
            x = conv_relu(x, filters, f"{name}_conv0", f"{name}_act0_relu")
    return x
