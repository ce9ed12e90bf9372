"""One animal per frame: each node is the highest peak of its map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.geometry import cell_transform
from antpipe.inference.peaks import find_global_peaks
from antpipe.inference.predictor import PREDICTORS, Found, Models
from antpipe.inference.predictors._whole_frames import FrameNetwork
from antpipe.inference.topdown import Prepared, refine


@dataclass(frozen=True)
class SingleInstance(FrameNetwork):
    """A single-instance network."""

    def find(self, frames: Sequence[Prepared]) -> list[Found]:
        """Return the animal of each frame; none where no node is visible.

        Its score is the mean confidence of its nodes, those that are not visible among them; with SLEAP's geometry it
        is SLEAP's, the sum over visible nodes.
        """
        spec, config = self.spec, self.config
        outputs = self.read(frames)
        peaks = find_global_peaks(outputs[0])
        inputs = cell_transform(spec.stride)(refine(config, outputs, peaks))
        points = self.to_video(frames[0].size)(inputs).reshape(len(frames), 1, spec.maps, 2)
        scores = peaks.value.reshape(len(frames), 1, spec.maps)
        # Not `below the threshold`, which a network that gives NaN would pass.
        visible = scores >= config.peak_threshold
        points[~visible] = np.nan
        sums = np.where(visible, scores, 0).sum(axis=-1)
        certainty = sums if config.geometry == "sleap" else scores.mean(axis=-1)
        return [
            Found(*(values[frame][visible[frame].any(axis=-1)] for values in (points, scores, certainty)))
            for frame in range(len(frames))
        ]


@PREDICTORS.register("single_instance")
def single_instance(models: Models, config: PredictConfig) -> SingleInstance:
    """Return a predictor of one animal per frame."""
    return SingleInstance.of(models["single_instance"], config)
