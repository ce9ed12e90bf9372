"""LEAP with SLEAP's fields and layer names, so that its trained weights load by name.

Pereira et al. 2019, in the form of SLEAP: blocks of three 3x3 convolutions and max pooling, then blocks of upsampling
and two convolutions; no skip connections, no normalisation.
"""

from keras import KerasTensor, layers

from antpipe.config.backbones.leap import LeapConfig
from antpipe.config.backbones.sizes import levels
from antpipe.models.backbones._blocks import conv_relu, decode
from antpipe.models.registry import BACKBONES, Features

CONVS_PER_BLOCK = 3


@BACKBONES.register("leap")
def leap(x: KerasTensor, config: LeapConfig, output_stride: int) -> list[Features]:
    """Return the decoder's features by stride, down to `output_stride`, for each stack.

    The image is (batch, height, width, channels) with height and width multiples of the maximum stride.
    """
    # As in SLEAP, the filters of the decoder follow from the number of its blocks, not from its strides.
    widths = [config.width(block) for block in range(levels(config.max_stride // output_stride), 0, -1)]
    outputs = []
    for stack in range(config.stacks):
        for block in range(levels(config.max_stride)):
            name = f"stack{stack}_enc{block}"
            for conv in range(CONVS_PER_BLOCK):
                x = conv_relu(x, config.width(block), f"{name}_conv{conv}", f"{name}_act{conv}_relu")
            x = layers.MaxPool2D(2, 2, "same", name=f"{name}_pool")(x)
        features = decode(x, config.max_stride, widths, f"stack{stack}", interpolate=config.up_interpolate, skips={})
        x = features[output_stride]
        outputs.append(features)
    return outputs
