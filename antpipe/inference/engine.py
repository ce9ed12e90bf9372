"""The fastest way to run a network on this machine's backend; the only place that knows the backend's name."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.geometry import Array
from antpipe.models.build import heads_of
from antpipe.models.folder import TrainedModel
from antpipe.resources import cores

Engine = Callable[[Array], list[Array]]
"""Takes images (batch, height, width, channels) uint8, gives what each head says of them, float32."""


def make_engine(model: TrainedModel, heads: Sequence[str]) -> Engine:
    """Return some heads of a model, keys of HEADS, as one function on numpy arrays.

    The last of several stacks is the result; layers that no head needs are left out.
    """
    layers = heads_of(model.spec)
    network = keras.Model(model.network.inputs, [_last_output(model.network, layers[head]) for head in heads])
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_engine(network)
    return lambda images: [np.asarray(output) for output in _as_list(network.predict_on_batch(images))]


def batches_at_once() -> int:
    """Return how many batches are to be in the works at once: one for each core, or one where a GPU does the work."""
    return cores() if _on_processor() else 1


def with_batches(config: PredictConfig) -> PredictConfig:
    """Return the settings with the sizes of batches that suit this machine, where they are left open."""
    suited = {"batch_size": 1, "crop_batch_size": 8} if _on_processor() else {"batch_size": 16, "crop_batch_size": 64}
    given = {name: getattr(config, name) for name in suited if getattr(config, name) is not None}
    return config.model_copy(update={**suited, **given})


def _on_processor() -> bool:
    """Return whether the backend is known to work on the processor alone."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _tensorflow_engine(network: keras.Model) -> Engine:
    import tensorflow as tf

    # Without XLA, which is 0.3 to 0.8 times as fast on a CPU; `model.predict` costs up to half.
    graph = tf.function(lambda images: network(images, training=False), jit_compile=False)

    def run(images: Array) -> list[Array]:
        # Batches of any size share one graph; height and width do not, without which Keras cannot upsample bilinearly.
        fixed = graph.get_concrete_function(tf.TensorSpec((None, *images.shape[1:]), tf.uint8))
        return [output.numpy() for output in _as_list(fixed(tf.constant(images)))]

    return run


def _as_list(outputs: Any) -> list[Any]:
    # Keras gives the only output of a network without the list that was asked for.
    return outputs if isinstance(outputs, list) else [outputs]


def _last_output(network: keras.Model, layer: str) -> keras.KerasTensor:
    return [one.output for one in network.layers if one.name.startswith(f"{layer}_")][-1]
