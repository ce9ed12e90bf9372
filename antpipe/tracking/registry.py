"""The growth points of tracking."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from antpipe.config.tracking import TrackConfig
from antpipe.geometry import Array
from antpipe.poses import PosesInfo
from antpipe.registry import Registry
from antpipe.tracking.found import Found, Shapes
from antpipe.tracking.named import named_animals

Images = Callable[[int], Array]
"""Returns the image (height, width, 1) of a frame."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a method may need to know of a video before its first frame."""

    config: TrackConfig
    nodes: int
    """Nodes of the skeleton."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    named: int = 0
    """Animals that are known by name: they are the tracks 0, 1, ... from the start."""
    images: Images | None = None
    """The video, where there is one."""

    @classmethod
    def of(cls, info: PosesInfo, config: TrackConfig, images: Images | None = None) -> Self:
        """Return what poses are about, and how they are to be tracked."""
        return cls(
            config=config,
            nodes=len(info.skeleton.nodes),
            width=info.video.width,
            height=info.video.height,
            named=len(named_animals(info)),
            images=images,
        )

    @property
    def most(self) -> float:
        """Tracks there may be, those of named animals among them."""
        return math.inf if self.config.max_tracks is None else float(self.config.max_tracks)

    @property
    def least_points(self) -> int:
        """Visible nodes that start a track."""
        return min(self.config.min_new_track_points, self.nodes)


class Linker(Protocol):
    """Links the instances of one video into tracks; a fresh one for each video."""

    def link(self, found: Found) -> tuple[Array, Array]:
        """Return the track (instances,) of each instance of the next frame, and its score (instances,).

        Tracks are numbers, -1 for an instance without one; new tracks count on from `Setup.named`. Frames come in
        order; those without instances are left out. The score is NaN where a track starts or the animal is known.
        """


METHODS: Registry[Callable[[Setup], Linker]] = Registry("tracking method", "antpipe.tracking.methods")
"""`method(setup)` returns a linker."""

Similarity = Callable[[Shapes, Shapes, Setup], Array]

SIMILARITIES: Registry[Similarity] = Registry("similarity", "antpipe.tracking.similarities")
"""`similarity(candidates, instances, setup)` returns (candidates, instances); higher is more alike, NaN is unknown."""

Matcher = Callable[[Array], tuple[Array, Array]]

MATCHERS: Registry[Matcher] = Registry("matcher", "antpipe.tracking.matchers")
"""`matcher(gain)` returns rows and columns (pairs,) of a matrix of gains: no two pairs share a row or a column, and
pairs whose gain is not above 0 are never made."""
