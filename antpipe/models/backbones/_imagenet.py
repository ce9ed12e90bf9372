"""Encoders from keras.applications, with their ImageNet weights from a file and the image values they expect."""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers

from antpipe.errors import ModelError
from antpipe.models.backbones._applications import Application

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours (RGB, 0 to 1) of ImageNet."""
CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Of the colours (BGR, 0 to 255)."""

Change = Callable[[keras.layers.Layer], dict[str, Any]]
"""Takes a layer, gives the settings in which it is to differ."""


def encode(
    image: KerasTensor, application: Application, weights: Path | None, *, change: Change | None = None
) -> tuple[list[KerasTensor], keras.Model]:
    """Return the features at the network's skip layers and at its end, and the network itself.

    Args:
        image: gray or RGB of 0 to 1.
        application: the network.
        weights: file of ImageNet weights. None: random ones.
        change: how layers differ from Keras' own.

    Raises:
        ModelError: if the weights do not fit.
    """
    make = getattr(keras.applications, application.function)
    whole = make(include_top=False, weights=None, input_shape=(None, None, 3))
    if change is not None:
        whole = keras.models.clone_model(whole, clone_function=lambda layer: _changed(layer, change))
    if weights is not None:
        _load(whole, weights, application)
    taps = [whole.get_layer(**{"name" if isinstance(s, str) else "index": s}).output for s in application.skips]
    network = keras.Model(whole.inputs, [*taps, whole.output], name=application.function.lower())
    return network(_image_values(image, application.mode)), network


def find_weights(application: Application, given: str | None, setting: str) -> Path:
    """Return the file of ImageNet weights: the given one, or the one in Keras' cache. Nothing is downloaded.

    Raises:
        ModelError: if it is not there; says how to get it.
    """
    if given is not None:
        if not Path(given).is_file():
            raise ModelError(
                f"{given}: weights not found; mend {setting}, or leave it out to take the file in Keras' cache"
            )
        return Path(given)
    path = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models" / application.file
    if not path.is_file():
        fetch = f"import keras; keras.applications.{application.function}(include_top=False)"
        raise ModelError(
            f"{path}: ImageNet weights not found, and a run downloads nothing; fetch them once with "
            f'`{shlex.quote(sys.executable)} -c "{fetch}"`, or name a copy of the file in {setting}'
        )
    return path


def _changed(layer: keras.layers.Layer, change: Change) -> keras.layers.Layer:
    return layer.__class__.from_config({**layer.get_config(), **change(layer)})


def _load(network: keras.Model, path: Path, application: Application) -> None:
    try:
        network.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        name, reason = application.function, " ".join(str(error).split())
        raise ModelError(f"{path}: expected weights as keras.applications.{name} loads them ({reason})") from error
    for layer in network.layers:
        # Keras' EfficientNets divide by the root of the deviation once more, in a layer that they only have when they
        # fetch weights themselves.
        if isinstance(layer, layers.Normalization):
            mean, variance, count = layer.get_weights()
            layer.set_weights([mean, variance * np.array(DEVIATION), count])
            layer.finalize_state()


def _image_values(image: KerasTensor, mode: str) -> KerasTensor:
    """Return an image of 0 to 1 as RGB, or BGR, with the values of a mode of keras.applications."""
    x = layers.Concatenate(name="gray_to_rgb")([image] * 3) if image.shape[-1] == 1 else image
    if mode == "caffe":
        x = keras.ops.flip(x, -1)
    scale, offset = {
        "caffe": (255.0, [-m for m in CAFFE_MEAN]),
        "tf": (2.0, -1.0),
        "torch": ([1 / d for d in DEVIATION], [-m / d for m, d in zip(MEAN, DEVIATION, strict=True)]),
        "bytes": (255.0, 0.0),
    }[mode]
    return layers.Rescaling(scale, offset, name="imagenet_values")(x)
