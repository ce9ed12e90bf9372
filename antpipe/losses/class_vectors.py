"""The loss of class vectors.

SLEAP leaves out hard keypoint mining where there are class vectors, whatever the settings say; here it goes on for the
confidence maps.
"""

from typing import Any

import keras
from keras import ops

from antpipe.config.heads import ClassVectorsConfig
from antpipe.models.registry import LOSSES
from antpipe.models.spec import ModelSpec


class ClassVectorLoss(keras.losses.Loss):
    """Categorical cross-entropy of the class of the animal in a crop; 0 where it is not known."""

    def __init__(self, config: ClassVectorsConfig, classes: int) -> None:
        super().__init__(name="class_vectors")
        self.config = config
        self.classes = classes

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample (batch,)."""
        # A crop has one instance, and all of its nodes say the same. Class -1 is one-hot nowhere.
        target = ops.one_hot(ops.cast(y_true[:, 0, 0, 2], "int32"), self.classes)
        return self.config.loss_weight * ops.categorical_crossentropy(target, y_pred)


@LOSSES.register("class_vectors")
def class_vector_loss(spec: ModelSpec) -> ClassVectorLoss:
    """Return the loss of a model's class vectors."""
    return ClassVectorLoss(spec.config.head.class_vectors, len(spec.classes))
