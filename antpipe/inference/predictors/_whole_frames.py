"""What predictors of whole frames share: a network over a batch of frames, and the way back to the video."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.geometry import Array, Transform
from antpipe.inference.engine import Engine, make_engine
from antpipe.inference.topdown import Prepared, map_heads, prepare
from antpipe.models.folder import TrainedModel
from antpipe.models.inputs import pad_image
from antpipe.models.spec import ModelSpec
from antpipe.poses import Skeleton

SLEAP_SCALED = Transform(offset=(0.5, 0.5))
"""SLEAP adds half a pixel where the input was scaled; its networks learned points without. Only for comparisons."""


@dataclass(frozen=True)
class FrameNetwork:
    """A network of whole frames, ready to run; the predictors of whole frames add what they read in it."""

    spec: ModelSpec
    run: Engine
    config: PredictConfig

    @classmethod
    def of(cls, model: TrainedModel, config: PredictConfig, *heads: str) -> Self:
        """Return a trained model, made fast, of which also these heads are read."""
        return cls(model.spec, make_engine(model, [*map_heads(model.spec, config), *heads]), config)

    @property
    def skeleton(self) -> Skeleton:
        """The nodes that are found."""
        return self.spec.skeleton

    def prepare(self, image: Array) -> Prepared:
        """Return a video frame (height, width, channels) as the network's input."""
        prepared = prepare(image, self.spec)
        return Prepared(prepared.size, pad_image(prepared.image, self.spec.config.backbone.max_stride))

    def read(self, frames: Sequence[Prepared]) -> list[Array]:
        """Return what the heads say of all frames of a batch, which have one size, in one run of the network."""
        return self.run(np.stack([frame.image for frame in frames]))

    def to_video(self, size: tuple[int, int]) -> Transform:
        """Return the map from pixels of the input to pixels of a video frame of `size` (width, height)."""
        back = self.spec.input_transform(size).inverse()
        shifted = self.config.geometry == "sleap" and self.spec.config.input.scale != 1
        return back.then(SLEAP_SCALED) if shifted else back
