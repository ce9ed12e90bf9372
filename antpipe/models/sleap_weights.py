"""Trained weights of SLEAP (`best_model.h5`, Keras 2) into our network, by layer name; nothing in the file is run."""

from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from antpipe.errors import ModelError, reason
from antpipe.geometry import Array
from antpipe.labels.hdf5_texts import check_texts

if TYPE_CHECKING:
    import keras

# What h5py raises for a file that is cut short, damaged or another one.
UNREADABLE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError, MemoryError)


def read_layers(path: str | Path) -> dict[str, list[Array]]:
    """Return the weights of each layer of a Keras 2 HDF5 model, by layer name, in the order of the file.

    Raises:
        ModelError: if the file is missing or holds no Keras weights.
    """
    if not Path(path).is_file():
        raise ModelError(f"{path}: SLEAP model weights not found; expected best_model.h5 in the model's folder")
    try:
        with h5py.File(path) as file:
            check_texts(path, file)
            group = file["model_weights"]
            return {
                name: [layer[weight][()] for weight in layer.attrs["weight_names"]] for name, layer in group.items()
            }
    except UNREADABLE as error:
        raise ModelError(
            f"{path}: expected a Keras 2 model in HDF5, but it cannot be read ({reason(error)})"
        ) from error


def load_sleap_weights(network: "keras.Model", path: str | Path) -> None:
    """Set every weight of `network` from a SLEAP model file.

    Heads that the network does not have (offset refinement) are left out; a layer without its weights is an error.

    Raises:
        ModelError: names the first layer that is missing or has another shape.
    """
    stored = read_layers(path)
    for layer in network.layers:
        if not layer.weights:
            continue
        # SLEAP 1.1.1 and later leave out the stack number of heads.
        values = stored.get(layer.name) or stored.get(layer.name.removesuffix("_0"))
        wanted = [tuple(w.shape) for w in layer.weights]
        if not values or [v.shape for v in values] != wanted:
            came = [v.shape for v in values] if values else "no such layer"
            raise ModelError(f"{path}: layer {layer.name} should have weights of shape {wanted}, got {came}")
        layer.set_weights(values)
