"""The loss of part affinity fields; it draws its targets from points."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from antpipe.config.heads import PafConfig
from antpipe.models.registry import LOSSES
from antpipe.models.spec import ModelSpec
from antpipe.targets.pafs import pafs


class PafLoss(keras.losses.Loss):
    """Mean squared difference between predicted fields and those of all instances' edges."""

    def __init__(self, head: PafConfig, edges: Sequence[tuple[int, int]]) -> None:
        super().__init__(name="pafs")
        self.head = head
        self.edges = edges

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample (batch,)."""
        rows, columns = ops.shape(y_pred)[1], ops.shape(y_pred)[2]
        points = ops.cast(y_true, "float32")[..., :2]
        target = pafs(points, self.edges, rows, columns, self.head.output_stride, self.head.sigma)
        return self.head.loss_weight * ops.mean(ops.square(y_pred - target), axis=(1, 2, 3))


@LOSSES.register("pafs")
def paf_loss(spec: ModelSpec) -> PafLoss:
    """Return the loss of a model's part affinity fields; hard keypoint mining counts nodes, so it is not applied."""
    return PafLoss(spec.config.head.pafs, spec.skeleton.edge_indices())
