"""The loss of class maps; it draws its targets from points and classes."""

from typing import Any

import keras
from keras import ops

from antpipe.config.heads import ClassMapsConfig
from antpipe.models.registry import LOSSES
from antpipe.models.spec import ModelSpec
from antpipe.targets.class_maps import class_maps


class ClassMapLoss(keras.losses.Loss):
    """Squared difference between predicted and true class maps near animals whose class is known, per cell of the map.

    SLEAP's has 0 as target everywhere else. There nothing is read, so here nothing is asked: otherwise the many empty
    cells first drive all maps to 0, and animals without a track teach that they are none of those with one.
    """

    def __init__(self, config: ClassMapsConfig, classes: int) -> None:
        super().__init__(name="class_maps")
        self.config = config
        self.classes = classes

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample (batch,)."""
        rows, columns = ops.shape(y_pred)[1], ops.shape(y_pred)[2]
        truth = ops.cast(y_true, "float32")
        points, numbers = truth[..., :2] / self.config.output_stride, truth[:, :, 0, 2]
        target, near = class_maps(points, numbers, self.classes, rows, columns, self.config.sigma)
        squared = ops.square(y_pred - target) * near[..., None]
        return self.config.loss_weight * ops.mean(squared, axis=(1, 2, 3))


@LOSSES.register("class_maps")
def class_map_loss(spec: ModelSpec) -> ClassMapLoss:
    """Return the loss of a model's class maps."""
    return ClassMapLoss(spec.config.head.class_maps, len(spec.classes))
