"""Settings of what a network predicts; names and meanings are SLEAP's."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from antpipe.config.base import Count, Positive, Section, is_power_of_two
from antpipe.config.model_types import ModelType


class PafConfig(Section):
    """Part affinity fields (Cao et al. 2017): for each edge, the direction from its one node to the other."""

    sigma: Positive = 75.0
    """Width of the field in square pixels: its weight is exp(-D^4 / (2 sigma^2)) at D pixels from the edge, as SLEAP
    computes it. SLEAP's profiles use 75."""
    output_stride: Count = 8
    """Input pixels per cell, a power of two."""
    loss_weight: Positive = 1.0
    """Factor of this head in the loss."""


class ClassMapsConfig(Section):
    """Maps that say which animal the points at a place belong to."""

    classes: tuple[str, ...] | None = None
    """Names of the animals. None: the names of the tracks in the labels."""
    sigma: Positive = 5.0
    """Spread in cells of the places around a point that belong to its animal."""
    output_stride: Count = 4
    """Input pixels per cell, a power of two."""
    loss_weight: Positive = 1.0
    """Factor of this head in the loss."""


class ClassVectorsConfig(Section):
    """Probabilities of which animal a crop shows."""

    classes: tuple[str, ...] | None = None
    """Names of the animals. None: the names of the tracks in the labels."""
    num_fc_layers: Annotated[int, Field(ge=0)] = 1
    """Fully connected layers before the last one."""
    num_fc_units: Count = 64
    """Units of each."""
    global_pool: bool = True
    """Take the highest value of each feature over the crop first, so that the place does not matter."""
    output_stride: Count = 16
    """Stride of the features that it looks at, a power of two."""
    loss_weight: Positive = 0.003
    """Factor of this head in the loss. SLEAP: 1, with which nodes are learned late: a wrong guess costs hundreds of
    times what a confidence map does. Lower it further where nodes are poor and names are right."""


class HeadConfig(Section):
    """What the network predicts: a confidence map per node (or one for the centroid), and what else its type needs."""

    anchor_part: str | None = None
    """Node that stands for the animal's centroid; where it is not visible, and for None: the middle of the box."""
    part_names: tuple[str, ...] | None = None
    """Nodes to predict, in this order. None: all of the skeleton. Not for centroid."""
    sigma: Positive = 1.5
    """Spread of the Gaussian target in heat-map cells: `sigma * output_stride` input pixels, as SLEAP computes it
    (not as SLEAP's guide says)."""
    output_stride: Count = 4
    """Input pixels per heat-map cell, a power of two."""
    loss_weight: Positive = 1.0
    """Factor of this head in the loss."""
    offset_refinement: bool = False
    """Also learn how far each peak lies from the middle of its cell. Only `predict.geometry: sleap` uses it; ours finds
    peaks to a tenth of a cell without."""
    pafs: PafConfig = Field(default_factory=PafConfig)
    """Only for multi_instance."""
    class_maps: ClassMapsConfig = Field(default_factory=ClassMapsConfig)
    """Only for multi_class_bottomup."""
    class_vectors: ClassVectorsConfig = Field(default_factory=ClassVectorsConfig)
    """Only for multi_class_topdown."""

    def classes_of(self, kind: ModelType) -> tuple[str, ...] | None:
        """Return the names of the animals that the settings give to a kind of model; None where they give none."""
        told = {"class_maps": self.class_maps.classes, "class_vectors": self.class_vectors.classes}
        return next((told[head] for head in kind.heads if head in told), None)

    @model_validator(mode="after")
    def _strides(self) -> Self:
        strides = {"output_stride": self.output_stride, "pafs.output_stride": self.pafs.output_stride}
        strides |= {"class_maps.output_stride": self.class_maps.output_stride}
        strides |= {"class_vectors.output_stride": self.class_vectors.output_stride}
        for name, stride in strides.items():
            if not is_power_of_two(stride):
                raise ValueError(f"{name} must be a power of two, got {stride}")
        return self
