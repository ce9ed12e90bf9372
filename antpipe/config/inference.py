"""Settings of inference."""

from typing import Annotated, Literal

from pydantic import Field

from antpipe.config.base import Count, NonNegative, Positive, Section


class GroupingConfig(Section):
    """How nodes become animals in bottom-up prediction (Cao et al. 2017); names and defaults are SLEAP's.

    Only for multi_instance.
    """

    n_points: Annotated[int, Field(ge=2)] = 10
    """Points along the line between two nodes at which the part affinity field is read; the line's score is the mean
    part of the field along the line, 1 where both agree."""
    min_line_score: Annotated[float, Field(ge=-1, le=1)] = 0.25
    """Two nodes are not joined if the line between them scores lower."""
    max_edge_length_ratio: Positive = 0.25
    """Lines longer than this share of the longer side of the frame score lower."""
    dist_penalty_weight: NonNegative = 1.0
    """How much lower: such a line loses this times the share of it that is too long."""


class PredictConfig(Section):
    """How trained models are run over a video."""

    parts: Annotated[int, Field(ge=1, exclude=True)] = 1
    """Jobs that share the frames of each video, so that several GPUs can work on one long video. The result is
    the same."""

    batch_size: Count | None = None
    """Frames per batch of a network of whole frames; on a processor each core has a batch of its own. None: 1 on a
    processor, 16 on a GPU."""
    crop_batch_size: Count | None = None
    """Crops per batch of the instance network; crops of neighbouring frames share a batch. None: 8 on a processor, 64
    on a GPU."""
    centroid_threshold: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Lowest confidence of a centroid (an animal)."""
    peak_threshold: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Lowest confidence of a node; below it the node is not visible."""
    max_instances: Count | None = None
    """Most animals per frame; those with the highest score (top-down: confidence of the centroid) stay. None: all."""
    min_distance: Annotated[float, Field(ge=0)] = 0.0
    """Two predictions whose shared nodes lie on average closer than this many pixels are one animal, and the more
    confident stays. 0: off."""
    grouping: GroupingConfig = Field(default_factory=GroupingConfig)
    """Nodes into animals, bottom-up."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Arithmetic of the network; bfloat16 is about twice as fast where the processor has it, and moves points a
    little (see the README)."""
    geometry: Literal["exact", "sleap"] = "exact"
    """`exact`: points without bias. `sleap`: SLEAP 1.3.3's crops, peaks, instance scores and half-pixel shifts, for
    comparisons."""
