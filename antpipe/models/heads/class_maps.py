"""Class maps: per animal that can be told apart a map of how likely a point at a place is its."""

from keras import KerasTensor

from antpipe.models.heads._maps import map_layer
from antpipe.models.registry import HEADS, Features
from antpipe.models.spec import ModelSpec


@HEADS.register("class_maps")
def class_maps(features: Features, spec: ModelSpec, name: str) -> KerasTensor:
    """Return (batch, rows, columns, classes) of `head.class_maps.output_stride`, each value from 0 to 1."""
    stride = spec.config.head.class_maps.output_stride
    return map_layer(features[stride], len(spec.classes), name, activation="sigmoid")
