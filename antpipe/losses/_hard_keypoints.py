"""Online hard keypoint mining: the nodes with the largest loss count once more."""

from typing import Any

from keras import ops

from antpipe.config.optimization import HardKeypointConfig


def hard_keypoint_loss(squared: Any, config: HardKeypointConfig) -> Any:
    """Return the additional loss of the hardest nodes, from squared differences (batch, rows, columns, nodes).

    A node is hard when its sum is at least `ratio` times that of the easiest; between `min_nodes` and `max_nodes` of
    them count, and their mean per cell is multiplied by `loss_scale` (SLEAP's definition).
    """
    per_node = ops.sum(squared, axis=(0, 1, 2))
    nodes = per_node.shape[0]
    highest = -ops.sort(-per_node)
    hard = ops.sum(ops.cast(highest / ops.maximum(highest[-1], 1e-12) >= config.ratio, "int32"))
    # `max_nodes` has the last word, where it is below `min_nodes`.
    count = ops.minimum(ops.maximum(hard, config.min_nodes), min(config.max_nodes or nodes, nodes))
    taken = ops.sum(ops.where(ops.arange(nodes) < count, highest, ops.zeros_like(highest)))
    shape = ops.cast(ops.prod(ops.shape(squared)[:3]), "float32")
    return config.loss_scale * taken / (shape * ops.cast(count, "float32"))
