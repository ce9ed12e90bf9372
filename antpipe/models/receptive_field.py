"""How much of the image a point of the network's output depends on.

The network is walked from its output back to the image: each layer says from which of its input cells an interval of
output cells is made. So the field is exactly that of the network as it was built, whatever its backbone. SLEAP's guide
counts the encoder alone, without the middle block and the decoder, and gives smaller figures: 36, 76, 156 and 316
pixels for maximum strides of 8, 16, 32 and 64.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from antpipe.geometry import Array


class Interval(NamedTuple):
    """First and last column of several places at once (places,); infinite for the whole image."""

    first: Array
    last: Array


def receptive_field(network: keras.Model, output: int, stride: int, max_stride: int) -> float:
    """Return the side in pixels of the smallest square of the input that holds all that a cell of an output depends on.

    Along x, which is the same along y. Cells differ, since they lie differently between those of the coarser layers;
    the largest field counts. Infinite where a layer looks at the whole image.

    Args:
        network: of images (batch, height, width, channels).
        output: which of its outputs; negative numbers count from the last.
        stride: of that output.
        max_stride: of the network.
    """
    cells = np.arange(max(max_stride // stride, 1), dtype=np.float64)
    field = _walk(network, {output % len(network.outputs): Interval(cells, cells)})[0]
    return float((field.last - field.first + 1).max())


def _walk(network: keras.Model, wanted: dict[int, Interval]) -> list[Interval]:
    """Return the cells of each input of a network that intervals of some of its outputs are made from."""
    needs: dict[int, Interval] = {}
    for number, interval in wanted.items():
        _join(needs, network.outputs[number], interval)
    for operation in reversed(network.operations):
        # A layer of a network within the network has one node for itself; the last is that of this network.
        node = operation._inbound_nodes[-1]
        of_outputs = {n: needs[id(tensor)] for n, tensor in enumerate(node.outputs) if id(tensor) in needs}
        if not of_outputs or isinstance(operation, layers.InputLayer):
            continue
        if isinstance(operation, keras.Model):
            for tensor, interval in zip(node.input_tensors, _walk(operation, of_outputs), strict=True):
                _join(needs, tensor, interval)
        else:
            for tensor in node.input_tensors:
                _join(needs, tensor, _before(operation, of_outputs[0]))
    nothing = Interval(np.array(np.inf), np.array(-np.inf))
    return [needs.get(id(tensor), nothing) for tensor in network.inputs]


def _join(needs: dict[int, Interval], tensor: keras.KerasTensor, interval: Interval) -> None:
    old = needs.get(id(tensor), interval)
    needs[id(tensor)] = Interval(np.minimum(old.first, interval.first), np.maximum(old.last, interval.last))


def _before(layer: keras.Operation, after: Interval) -> Interval:
    """Return the columns of a layer's input that an interval of its output is made from.

    A layer that is not known here works on each cell alone, as activations and normalisations do.
    """
    if isinstance(layer, layers.Conv2DTranspose):
        return _of_transposed(after, layer.kernel_size[1], layer.strides[1])
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D):
        reach = (layer.kernel_size[1] - 1) * layer.dilation_rate[1] + 1
        return _of_window(after, reach, layer.strides[1], layer.padding)
    if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        return _of_window(after, layer.pool_size[1], layer.strides[1], layer.padding)
    if isinstance(layer, layers.UpSampling2D):
        return _of_upsampling(after, layer.size[1], layer.interpolation)
    if isinstance(layer, layers.ZeroPadding2D):
        return Interval(after.first - layer.padding[1][0], after.last - layer.padding[1][0])
    if isinstance(layer, layers.GlobalAveragePooling2D | layers.GlobalMaxPooling2D):
        return Interval(np.full_like(after.first, -np.inf), np.full_like(after.last, np.inf))
    return after


def _of_window(after: Interval, reach: int, stride: int, padding: str) -> Interval:
    # Keras pads as TensorFlow does, the odd cell at the end; sizes are multiples of the stride.
    start = max(reach - stride, 0) // 2 if padding == "same" else 0
    return Interval(after.first * stride - start, after.last * stride - start + reach - 1)


def _of_transposed(after: Interval, kernel: int, stride: int) -> Interval:
    # Input cell i writes to the output cells from i * stride - start on, as many as the kernel is wide.
    start = max(kernel - stride, 0) // 2
    return Interval(np.ceil((after.first + start - kernel + 1) / stride), np.floor((after.last + start) / stride))


def _of_upsampling(after: Interval, factor: int, interpolation: str) -> Interval:
    if interpolation == "nearest":
        return Interval(np.floor(after.first / factor), np.floor(after.last / factor))
    middle = 0.5 / factor - 0.5
    return Interval(np.floor(after.first / factor + middle), np.ceil(after.last / factor + middle))
