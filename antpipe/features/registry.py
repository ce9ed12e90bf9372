"""The growth point of features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from antpipe.config.features import FeaturesConfig
from antpipe.geometry import Array
from antpipe.poses import Poses, Skeleton
from antpipe.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What is measured on each instance: one column or more."""

    columns: Mapping[str, tuple[str, str]]
    """Unit and meaning of each column; none where the skeleton has nothing to measure."""
    compute: Callable[[Poses], Array]
    """Takes poses in pixels of the raw video, whole frames of them, and returns (rows, columns); NaN is missing."""
    reach: int = 0
    """Frames before and after an instance that its values depend on."""


FEATURES: Registry[Callable[[FeaturesConfig, Skeleton], Feature]] = Registry("feature", "antpipe.features.kinds")
"""`plan(config, skeleton)` returns what is measured on poses of a skeleton; a node that the skeleton lacks is a
ConfigError. `config` is that of one video."""


def nothing() -> Feature:
    """Return a feature without a column."""
    return Feature(columns={}, compute=lambda poses: poses.points.reshape(len(poses), -1)[:, :0])
