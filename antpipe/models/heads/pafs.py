"""Part affinity fields: per edge the direction from its one node to the other, in x and y."""

from keras import KerasTensor

from antpipe.models.heads._maps import map_layer
from antpipe.models.registry import HEADS, Features
from antpipe.models.spec import ModelSpec


@HEADS.register("pafs")
def pafs(features: Features, spec: ModelSpec, name: str) -> KerasTensor:
    """Return (batch, rows, columns, 2 * edges) of `head.pafs.output_stride`: x and y of each edge in turn."""
    return map_layer(features[spec.config.head.pafs.output_stride], 2 * len(spec.skeleton.edges), name)
