"""Weights of another network to begin with."""

from collections.abc import Iterator

import keras

from antpipe.errors import ConfigError, ModelError
from antpipe.models.folder import TrainedModel, load_model

MOST_NAMES = 5


def load_base(folder: str) -> TrainedModel:
    """Return the trained model that `base_checkpoint` names, ours or SLEAP's.

    Raises:
        ConfigError: if the folder holds none, or one that cannot be read.
    """
    try:
        return load_model(folder)
    except (ModelError, ConfigError) as error:
        raise ConfigError(f"base_checkpoint: {error}") from error


def start_from(network: keras.Model, base: TrainedModel) -> str:
    """Set the weights of all layers that the base has under the same name and in the same shape; return a note on it.

    Raises:
        ConfigError: if there is no such layer.
    """
    stored = {layer.name: layer for layer in _layers(base.network)}
    missed, taken = [], 0
    for layer in _layers(network):
        other = stored.get(layer.name)
        if other is not None and _shapes(other) == _shapes(layer):
            layer.set_weights(other.get_weights())
            taken += 1
        else:
            missed.append(layer.name)
    if not taken:
        raise ConfigError(
            f"base_checkpoint: no layer of {base.folder} has the name and shape of one of the network; give it the "
            "backbone and the head of that model, or leave base_checkpoint out"
        )
    names = ", ".join(missed[:MOST_NAMES]) + (f" and {len(missed) - MOST_NAMES} more" if missed[MOST_NAMES:] else "")
    rest = f"; the others begin at random: {names}" if missed else ""
    return f"{taken} of {taken + len(missed)} layers begin with the weights of {base.folder}{rest}"


def _layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers with weights, also those of networks within the network."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        elif layer.weights:
            yield layer


def _shapes(layer: keras.layers.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
