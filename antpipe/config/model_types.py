"""What kinds of models there are: what each sees, which heads it has, which settings it uses.

Names are SLEAP's. To add a kind, add a row; a head of a new kind needs a file in `models/heads` and one in `losses`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelType:
    """One kind of model."""

    layer: str
    """SLEAP's name of the layer that gives the confidence maps."""
    crops: bool = False
    """Whether it sees crops around centroids; else whole frames."""
    heads: tuple[str, ...] = ()
    """Heads beside the confidence maps; each has the settings `head.{its name}`."""
    anchored: bool = False
    """Whether `head.anchor_part` says where an animal's centroid is."""
    nodes: bool = True
    """Whether it predicts the nodes of the skeleton (`head.part_names`); else one point per animal."""
    alone: bool = False
    """Whether all points belong to one animal."""

    @property
    def classes(self) -> bool:
        """Whether it tells animals apart by their tracks in the labels."""
        return bool({"class_maps", "class_vectors"} & set(self.heads))


MODEL_TYPES = {
    "centroid": ModelType(layer="CentroidConfmapsHead", anchored=True, nodes=False),
    "centered_instance": ModelType(layer="CenteredInstanceConfmapsHead", anchored=True, crops=True),
    "single_instance": ModelType(layer="SingleInstanceConfmapsHead", alone=True),
    "multi_instance": ModelType(layer="MultiInstanceConfmapsHead", heads=("pafs",)),
    "multi_class_bottomup": ModelType(layer="MultiInstanceConfmapsHead", heads=("class_maps",)),
    "multi_class_topdown": ModelType(
        layer="CenteredInstanceConfmapsHead", anchored=True, crops=True, heads=("class_vectors",)
    ),
}

PIPELINES = (
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
    ("single_instance",),
    ("multi_instance",),
    ("multi_class_bottomup",),
)
"""Which models work together to find the poses of a video."""
