"""Settings of inference."""

from typing import Annotated, Literal

from pydantic import Field

from antpipe.config.base import Count, Section


class PredictConfig(Section):
    """How trained models are run over a video."""

    batch_size: Count = 4
    """Frames per batch of the centroid network."""
    crop_batch_size: Count = 16
    """Crops per batch of the instance network; crops of neighbouring frames share a batch."""
    centroid_threshold: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Lowest confidence of a centroid (an animal)."""
    peak_threshold: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Lowest confidence of a node; below it the node is not visible."""
    max_instances: Count | None = None
    """Most animals per frame; those with the highest centroid confidence stay. None: all."""
    min_distance: Annotated[float, Field(ge=0)] = 0.0
    """Two predictions whose shared nodes lie on average closer than this many pixels are one animal, and the more
    confident stays. 0: off."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Arithmetic of the network; bfloat16 is about twice as fast where the processor has it, and moves points a
    little (see the README)."""
    geometry: Literal["exact", "sleap"] = "exact"
    """`exact`: points without bias. `sleap`: SLEAP 1.3.3's crops, peaks and half-pixel shift, for comparisons."""
