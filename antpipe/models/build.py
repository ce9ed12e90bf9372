"""Networks from their settings."""

import keras
from keras import layers

from antpipe.config.model import ModelConfig
from antpipe.models.registry import BACKBONES

HEAD_NAMES = {"centroid": "CentroidConfmapsHead", "centered_instance": "CenteredInstanceConfmapsHead"}
"""SLEAP's layer names of the confidence-map heads, by model type."""
OFFSET_HEAD = "OffsetRefinementHead"


def build_network(
    config: ModelConfig, model_type: str, maps: int, precision: str | None = None, *, offsets: bool = False
) -> keras.Model:
    """Return the network: images (batch, height, width, channels) of gray levels 0-255 to confidence maps.

    The output is (batch, height / stride, width / stride, maps), float32; a network of several stacks has a list of
    them, the last of which counts. Height and width must be multiples of the backbone's maximum stride.

    Args:
        config: the model's settings.
        model_type: names the head's layer.
        maps: number of confidence maps.
        precision: arithmetic of the layers, `float32` or `mixed_bfloat16`; the settings' own by default.
        offsets: adds SLEAP's head of offsets (x and y per map), as a further output per stack.
    """
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(precision or config.optimization.precision)
    try:
        image = keras.Input((None, None, config.input.channels), dtype="uint8", name="image")
        x = layers.Rescaling(1 / 255, name="gray_levels")(image)
        backbone = {k: v for k, v in dict(config.backbone).items() if v is not None}
        name, settings = next(iter(backbone.items()))
        stacks = BACKBONES[name](x, settings, config.head.output_stride)
        features = [stack[config.head.output_stride] for stack in stacks]
        outputs = [_head(f, maps, f"{HEAD_NAMES[model_type]}_{i}") for i, f in enumerate(features)]
        if offsets:
            outputs += [_head(f, 2 * maps, f"{OFFSET_HEAD}_{i}") for i, f in enumerate(features)]
        return keras.Model(image, outputs if len(outputs) > 1 else outputs[0], name=model_type)
    finally:
        keras.mixed_precision.set_dtype_policy(policy)


def _head(features: keras.KerasTensor, channels: int, name: str) -> keras.KerasTensor:
    # The last layer adds up in float32 also where the body is bfloat16: peaks are read to a tenth of a cell.
    return layers.Conv2D(channels, 1, dtype="float32", name=name)(features)
