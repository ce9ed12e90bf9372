"""Offsets: how far, in cells, a peak lies from the middle of its cell, in x and y per map."""

from keras import KerasTensor

from antpipe.models.heads._maps import map_layer
from antpipe.models.registry import HEADS, Features
from antpipe.models.spec import ModelSpec


@HEADS.register("offset_refinement")
def offset_refinement(features: Features, spec: ModelSpec, name: str) -> KerasTensor:
    """Return (batch, rows, columns, 2 * maps) of `head.output_stride`: x and y of each map in turn."""
    return map_layer(features[spec.stride], 2 * spec.maps, name)
