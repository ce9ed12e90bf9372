"""The loss of a confidence-map head; it draws its targets from points."""

from typing import Any

import keras
from keras import ops

from antpipe.config.model import HardKeypointConfig, HeadConfig
from antpipe.losses.hard_keypoints import hard_keypoint_loss
from antpipe.targets.confidence_maps import confidence_maps, joint_confidence_map


class ConfidenceMapLoss(keras.losses.Loss):
    """Mean squared difference between predicted maps and Gaussians around the true points.

    The truth is (batch, nodes, 2): x and y in input pixels, NaN where not visible. So no target is stored or moved.
    """

    def __init__(self, head: HeadConfig, hard: HardKeypointConfig, *, joint: bool) -> None:
        """Set up the loss; `joint` draws all points of a sample into one map (centroids of a frame)."""
        super().__init__(name="confidence_map")
        self.head = head
        self.hard = hard
        self.joint = joint

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample (batch,)."""
        rows, columns = ops.shape(y_pred)[1], ops.shape(y_pred)[2]
        draw = joint_confidence_map if self.joint else confidence_maps
        target = draw(ops.cast(y_true, "float32") / self.head.output_stride, rows, columns, self.head.sigma)
        squared = ops.square(y_pred - target)
        loss = ops.mean(squared, axis=(1, 2, 3))
        if self.hard.enabled:
            loss = loss + hard_keypoint_loss(squared, self.hard)
        return self.head.loss_weight * loss
