"""Whether the network sees a whole animal at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from antpipe.geometry import Array, bounding_boxes
from antpipe.models.build import heads_of
from antpipe.models.receptive_field import receptive_field
from antpipe.models.spec import ModelSpec
from antpipe.training.samples import LabelledFrame


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a point of the network's output depends on, beside the median animal, in pixels of the network's input."""

    field: float
    """Side of the receptive field; infinite for the whole image"""
    animal: float
    """Longest side of the median animal's bounding box; 0 where no animal has a visible node"""

    @property
    def note(self) -> str | None:
        """A warning where no point of the output can depend on all of the median animal."""
        if self.field >= self.animal:
            return None
        return (
            f"a point of the network's output depends on {self.field:.0f} px of its input, but the median animal is "
            f"{self.animal:.0f} px long there, so that sides are mixed up; raise max_stride of the backbone, or lower "
            "input.scale"
        )


def measure_sight(network: keras.Model, spec: ModelSpec, frames: Sequence[LabelledFrame]) -> Sight:
    """Return the receptive field of a network's confidence maps beside the animals of labelled frames.

    An animal counts with all nodes that are labelled, whichever of them the network predicts.
    """
    # The confidence maps come first, and of several stacks the last one counts.
    output = len(network.outputs) // len(heads_of(spec)) - 1
    field = receptive_field(network, output, spec.stride, spec.config.backbone.max_stride)
    sizes = _all_sizes(frames, spec)
    return Sight(field=field, animal=float(np.nanmedian(sizes)) if np.isfinite(sizes).any() else 0.0)


def median_animal(frames: Sequence[LabelledFrame], spec: ModelSpec) -> tuple[LabelledFrame, Array]:
    """Return the frame with the animal whose size is closest to the median, and its points (nodes, 2).

    At least one animal of the frames has a visible node.
    """
    sizes = _all_sizes(frames, spec)
    row = int(np.nanargmin(np.abs(sizes - np.nanmedian(sizes))))
    owners = [(frame, points) for frame in frames for points in frame.points]
    return owners[row]


def _all_sizes(frames: Sequence[LabelledFrame], spec: ModelSpec) -> Array:
    """Return the longest side of the bounding box of every animal in pixels of the input, NaN where none is visible."""
    boxes = np.concatenate([bounding_boxes(spec.input_transform(f.size)(f.points)) for f in frames])
    return (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
