"""Confidence maps: per node (or centroid) a map with a Gaussian where it is."""

from keras import KerasTensor

from antpipe.models.heads._maps import map_layer
from antpipe.models.registry import HEADS, Features
from antpipe.models.spec import ModelSpec


@HEADS.register("confidence_maps")
def confidence_maps(features: Features, spec: ModelSpec, name: str) -> KerasTensor:
    """Return (batch, rows, columns, maps) of `head.output_stride`."""
    return map_layer(features[spec.stride], spec.maps, name)
