"""The layer that most heads are."""

from keras import KerasTensor, layers


def map_layer(features: KerasTensor, channels: int, name: str, activation: str = "linear") -> KerasTensor:
    """Return maps (batch, rows, columns, channels) as a 1x1 convolution of features.

    The last layer adds up in float32 also where the body is bfloat16: peaks are read to a tenth of a cell.
    """
    return layers.Conv2D(channels, 1, activation=activation, dtype="float32", name=name)(features)
