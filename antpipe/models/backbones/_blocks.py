"""Layers that several backbones share, under SLEAP's names."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras import KerasTensor, layers

from antpipe.models.registry import Features


def conv_relu(x: KerasTensor, filters: int, name: str, activation: str, kernel: int = 3) -> KerasTensor:
    """Return a convolution with bias and its ReLU, a layer of its own called `activation`."""
    x = layers.Conv2D(filters, kernel, padding="same", name=name)(x)
    return layers.Activation("relu", name=activation)(x)


def conv_bn_relu(
    x: KerasTensor, filters: int, name: str, *, batch_norm: bool, kernel: int = 3, **options: Any
) -> KerasTensor:
    """Return a convolution, its normalisation over the batch if asked for, and its ReLU."""
    x = layers.Conv2D(filters, kernel, padding="same", name=f"{name}_conv", **options)(x)
    if batch_norm:
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)


def decode(
    x: KerasTensor,
    stride: int,
    widths: Sequence[int],
    prefix: str,
    *,
    interpolate: bool,
    skips: Mapping[int, KerasTensor],
) -> Features:
    """Return the features by stride of a decoder that doubles the size once per block.

    Args:
        x: the encoder's result.
        stride: of `x`.
        widths: filters of each block.
        prefix: of the layers' names.
        interpolate: bilinear upsampling instead of transposed convolutions.
        skips: features by stride that are put in front of the upsampled ones.
    """
    features = {stride: x}
    for block, filters in enumerate(widths):
        name = f"{prefix}_dec{block}_s{stride}_to_s{stride // 2}"
        stride //= 2
        if interpolate:
            x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_interp_bilinear")(x)
        else:
            x = layers.Conv2DTranspose(filters, 3, 2, "same", name=f"{name}_trans_conv")(x)
            x = layers.Activation("relu", name=f"{name}_trans_conv_act_relu")(x)
        if stride in skips:
            x = layers.Concatenate(name=f"{name}_skip_concat")([skips[stride], x])
        for conv in range(2):
            x = conv_relu(x, filters, f"{name}_refine_conv{conv}", f"{name}_refine_conv{conv}_act_relu")
        features[stride] = x
    return features
