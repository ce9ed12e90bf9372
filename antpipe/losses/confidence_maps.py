"""The loss of confidence maps; it draws its targets from points."""

from typing import Any

import keras
from keras import ops

from antpipe.config.heads import HeadConfig
from antpipe.config.optimization import HardKeypointConfig
from antpipe.losses._hard_keypoints import hard_keypoint_loss
from antpipe.models.registry import LOSSES
from antpipe.models.spec import ModelSpec
from antpipe.targets.confidence_maps import confidence_maps


class ConfidenceMapLoss(keras.losses.Loss):
    """Mean squared difference between predicted maps and Gaussians around the true points of all instances."""

    def __init__(self, head: HeadConfig, hard: HardKeypointConfig) -> None:
        super().__init__(name="confidence_maps")
        self.head = head
        self.hard = hard

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample (batch,)."""
        rows, columns = ops.shape(y_pred)[1], ops.shape(y_pred)[2]
        points = ops.cast(y_true, "float32")[..., :2] / self.head.output_stride
        squared = ops.square(y_pred - confidence_maps(points, rows, columns, self.head.sigma))
        loss = ops.mean(squared, axis=(1, 2, 3))
        if self.hard.enabled:
            loss = loss + hard_keypoint_loss(squared, self.hard)
        return self.head.loss_weight * loss


@LOSSES.register("confidence_maps")
def confidence_map_loss(spec: ModelSpec) -> ConfidenceMapLoss:
    """Return the loss of a model's confidence maps."""
    return ConfidenceMapLoss(spec.config.head, spec.config.optimization.hard_keypoints)
