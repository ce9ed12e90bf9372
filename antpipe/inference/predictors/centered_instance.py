"""Top-down: centroids on the whole frame, then the nodes within a crop around each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from antpipe.config.inference import PredictConfig
from antpipe.geometry import Array
from antpipe.inference.predictor import PREDICTORS, Found, Models
from antpipe.inference.topdown import CentroidFinder, NodeFinder, Prepared
from antpipe.poses import Skeleton


class Ready(NamedTuple):
    """A frame made ready for both networks."""

    whole: Prepared
    scaled: Prepared


@dataclass(frozen=True)
class TopDown:
    """A centroid and a centered-instance network."""

    centroids: CentroidFinder
    nodes: NodeFinder

    @property
    def skeleton(self) -> Skeleton:
        """The nodes that are found."""
        return self.nodes.spec.skeleton

    def prepare(self, image: Array) -> Ready:
        """Return a video frame (height, width, channels) as both networks want it."""
        return Ready(self.centroids.prepare(image), self.nodes.prepare(image))

    def find(self, frames: Sequence[Ready]) -> list[Found]:
        """Return the animals of each frame; the crops of all frames share batches."""
        found = self.centroids.find([frame.whole for frame in frames])
        return self.nodes.find([frame.scaled for frame in frames], found)


@PREDICTORS.register("centered_instance")
def top_down(models: Models, config: PredictConfig) -> TopDown:
    """Return a top-down predictor."""
    return TopDown(CentroidFinder.of(models["centroid"], config), NodeFinder.of(models["centered_instance"], config))
