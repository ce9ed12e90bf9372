"""The loss of SLEAP's offsets from peaks to points."""

from typing import Any

import keras
from keras import ops

from antpipe.config.heads import HeadConfig
from antpipe.models.registry import LOSSES
from antpipe.models.spec import ModelSpec
from antpipe.targets.offsets import offsets


class OffsetLoss(keras.losses.Loss):
    """Mean squared difference between predicted and true offsets, in cells."""

    def __init__(self, head: HeadConfig) -> None:
        super().__init__(name="offset_refinement")
        self.head = head

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample (batch,)."""
        rows, columns = ops.shape(y_pred)[1], ops.shape(y_pred)[2]
        points = ops.cast(y_true, "float32")[..., :2] / self.head.output_stride
        return ops.mean(ops.square(y_pred - offsets(points, rows, columns, self.head.sigma)), axis=(1, 2, 3))


@LOSSES.register("offset_refinement")
def offset_loss(spec: ModelSpec) -> OffsetLoss:
    """Return the loss of a model's offsets."""
    return OffsetLoss(spec.config.head)
