"""Networks from their settings."""

import keras
from keras import layers

from antpipe.config.model_types import MODEL_TYPES
from antpipe.models.registry import BACKBONES, HEADS
from antpipe.models.spec import ModelSpec

LAYERS = {
    "offset_refinement": "OffsetRefinementHead",
    "pafs": "PartAffinityFieldsHead",
    "class_maps": "ClassMapsHead",
    "class_vectors": "ClassVectorsHead",
}
"""SLEAP's layer names of the heads beside the confidence maps."""


def heads_of(spec: ModelSpec) -> dict[str, str]:
    """Return the heads of a model, keys of HEADS and of LOSSES, with SLEAP's names of their layers; maps come first."""
    kind = MODEL_TYPES[spec.model_type]
    offsets = ("offset_refinement",) if spec.config.head.offset_refinement else ()
    return {"confidence_maps": kind.layer, **{name: LAYERS[name] for name in (*kind.heads, *offsets)}}


def build_network(spec: ModelSpec, precision: str | None = None) -> keras.Model:
    """Return the network: images (batch, height, width, channels) of gray levels 0-255 to what its heads give, float32.

    The outputs come by head, and for a network of several stacks by stack within each head; the last stack counts.
    Height and width must be multiples of the backbone's maximum stride.

    Args:
        spec: the model.
        precision: arithmetic of the layers, `float32` or `mixed_bfloat16`; the settings' own by default.
    """
    config = spec.config
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(precision or config.optimization.precision)
    try:
        image = keras.Input((None, None, config.input.channels), dtype="uint8", name="image")
        x = layers.Rescaling(1 / 255, name="gray_levels")(image)
        backbone = {k: v for k, v in dict(config.backbone).items() if v is not None}
        name, settings = next(iter(backbone.items()))
        stacks = BACKBONES[name](x, settings, spec.finest_stride)
        outputs = [
            HEADS[head](features, spec, f"{layer}_{stack}")
            for head, layer in heads_of(spec).items()
            for stack, features in enumerate(stacks)
        ]
        return keras.Model(image, outputs if len(outputs) > 1 else outputs[0], name=spec.model_type)
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
