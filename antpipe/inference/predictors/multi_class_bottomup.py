"""Bottom-up with names: the nodes of all animals of a frame, then whose each of them is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.config.inference import PredictConfig
from antpipe.geometry import Array, cell_transform
from antpipe.inference.classes import assign_classes
from antpipe.inference.peaks import Peaks, find_local_peaks
from antpipe.inference.predictor import PREDICTORS, Found, Models
from antpipe.inference.predictors._whole_frames import FrameNetwork
from antpipe.inference.topdown import Prepared, distinct, refine


@dataclass(frozen=True)
class BottomUpClasses(FrameNetwork):
    """A network of confidence maps and class maps."""

    def find(self, frames: Sequence[Prepared]) -> list[Found]:
        """Return the animals of each frame, at most one of each name, those with the highest score first."""
        outputs = self.read(frames)
        return [self._animals(frame.size, [o[i : i + 1] for o in outputs]) for i, frame in enumerate(frames)]

    def _animals(self, size: tuple[int, int], outputs: Sequence[Array]) -> Found:
        """Return the animals of one frame: each class with the peaks, one per node, that are assigned to it.

        A peak that gets no class belongs to nobody.
        """
        spec, config = self.spec, self.config
        *maps, classes = outputs
        peaks = find_local_peaks(maps[0], config.peak_threshold)
        inputs = cell_transform(spec.stride)(refine(config, maps, peaks))
        likely = _read_at(classes[0], inputs, spec.config.head.class_maps.output_stride)
        number = self._assign(peaks, likely)
        named = number >= 0
        at = (number[named], peaks.channel[named])
        points = np.full((len(spec.classes), spec.maps, 2), np.nan)
        scores, certainty = (np.full((len(spec.classes), spec.maps), np.nan) for _ in range(2))
        points[at] = self.to_video(size)(inputs[named])
        scores[at] = peaks.value[named]
        certainty[at] = likely[named, number[named]]
        return self._found(points, scores, certainty)

    def _assign(self, peaks: Peaks, likely: Array) -> Array:
        """Return the class of each peak (peaks,), -1 for none; of the peaks of one node, each class gets one."""
        number = np.full(len(likely), -1)
        for node in range(self.spec.maps):
            rows = np.flatnonzero(peaks.channel == node)
            as_sleap = self.config.geometry == "sleap"
            number[rows] = assign_classes(likely[rows], peaks.value[rows], as_sleap=as_sleap)
        return number

    def _found(self, points: Array, scores: Array, certainty: Array) -> Found:
        """Return the classes that have a node, the most confident first.

        The score is the mean confidence of all nodes, of which one that is not there counts as 0; with SLEAP's geometry
        of those that are there. How sure the name is, is the mean probability of the nodes that are there.
        """
        config, classes = self.config, self.spec.classes
        seen = ~np.isnan(scores)
        count = np.maximum(seen.sum(axis=1), 1)
        total = np.nansum(scores, axis=1)
        animal = total / count if config.geometry == "sleap" else total / scores.shape[1]
        kept = [int(row) for row in np.argsort(-animal, kind="stable") if seen[row].any()]
        if config.min_distance:
            kept = distinct(points, kept, config.min_distance)
        kept = kept[: config.max_instances]
        sure = np.nansum(certainty, axis=1) / count
        return Found(points[kept], scores[kept], animal[kept], [classes[row] for row in kept], sure[kept])


def _read_at(maps: Array, points: Array, stride: int) -> Array:
    """Return the values (points, maps) of maps (rows, columns, maps) in the cells nearest to points of the input."""
    column, row = np.round(points / stride).astype(int).T
    return maps[row.clip(0, maps.shape[0] - 1), column.clip(0, maps.shape[1] - 1)]


@PREDICTORS.register("multi_class_bottomup")
def multi_class_bottom_up(models: Models, config: PredictConfig) -> BottomUpClasses:
    """Return a bottom-up predictor that tells animals apart."""
    return BottomUpClasses.of(models["multi_class_bottomup"], config, "class_maps")
