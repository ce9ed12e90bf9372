"""Bottom-up: the nodes of all animals of a frame, then which of them belong together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.geometry import Array, cell_transform
from antpipe.inference.grouping import Groups, group_peaks
from antpipe.inference.peaks import find_local_peaks
from antpipe.inference.predictor import PREDICTORS, Found, Models
from antpipe.inference.predictors._whole_frames import FrameNetwork
from antpipe.inference.topdown import Prepared, distinct, refine


@dataclass(frozen=True)
class BottomUp(FrameNetwork):
    """A multi-instance network: confidence maps and part affinity fields."""

    def find(self, frames: Sequence[Prepared]) -> list[Found]:
        """Return the animals of each frame, those with the highest score first."""
        outputs = self.read(frames)
        return [self._animals(frame.size, [o[i : i + 1] for o in outputs]) for i, frame in enumerate(frames)]

    def _animals(self, size: tuple[int, int], outputs: Sequence[Array]) -> Found:
        spec, config = self.spec, self.config
        *maps, fields = outputs
        peaks = find_local_peaks(maps[0], config.peak_threshold)
        inputs = cell_transform(spec.stride)(refine(config, maps, peaks))
        stride, as_sleap = spec.config.head.pafs.output_stride, config.geometry == "sleap"
        groups = group_peaks(
            inputs, peaks.channel, fields[0], self.skeleton, stride, config.grouping, as_sleap=as_sleap
        )
        # A node without a peak has the number -1, which takes the NaN at the end.
        points = np.vstack([self.to_video(size)(inputs), [np.nan, np.nan]])[groups.peaks]
        scores = np.append(peaks.value, np.nan)[groups.peaks]
        kept = list(range(len(points)))
        if config.min_distance:
            kept = distinct(points, kept, config.min_distance)
        kept = kept[: config.max_instances]
        return Found(points[kept], scores[kept], self._certainty(groups)[kept])

    def _certainty(self, groups: Groups) -> Array:
        """Return the scores of instances: the mean over all edges, of which one that is not there counts as 0.

        It lies between 0 and 1 and orders instances as SLEAP's score does, which is the sum, and which SLEAP's geometry
        gives.
        """
        if self.config.geometry == "sleap":
            return groups.scores
        return np.clip(groups.scores / len(self.skeleton.edges), 0, 1)


@PREDICTORS.register("multi_instance")
def bottom_up(models: Models, config: PredictConfig) -> BottomUp:
    """Return a bottom-up predictor."""
    return BottomUp.of(models["multi_instance"], config, "pafs")
