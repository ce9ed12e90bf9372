"""A sequence of frames with true and tracked identities, as the identity metrics read it."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.errors import LabelError
from antpipe.evaluation.similarity import Similarity
from antpipe.geometry import Array

EPS = np.finfo(float).eps

TrackFrame = tuple[Sequence[Hashable], Array]
"""Identity of each instance, and points (instances, nodes, 2)."""


@dataclass(frozen=True, kw_only=True)
class TrackSequence:
    """Identities counted from 0 and similarities, frame by frame."""

    truth: list[Array]
    """(true instances,) identities"""
    tracked: list[Array]
    """(tracked instances,) tracks"""
    similarity: list[Array]
    """(true, tracked)"""
    identities: int
    tracks: int

    def frames(self) -> Iterator[tuple[Array, Array, Array]]:
        """Yield identities, tracks and similarities of each frame."""
        return zip(self.truth, self.tracked, self.similarity, strict=True)


def make_sequence(truth: Sequence[TrackFrame], tracked: Sequence[TrackFrame], similarity: Similarity) -> TrackSequence:
    """Return a sequence of frames in the same order on both sides.

    Raises:
        LabelError: if an identity occurs twice in a frame.
    """
    true_ids, identities = _count_from_zero(truth, "identity")
    track_ids, tracks = _count_from_zero(tracked, "track")
    matrices = [
        similarity(t, p) if len(t) and len(p) else np.zeros((len(t), len(p)))
        for (_, t), (_, p) in zip(truth, tracked, strict=True)
    ]
    return TrackSequence(truth=true_ids, tracked=track_ids, similarity=matrices, identities=identities, tracks=tracks)


def _count_from_zero(frames: Sequence[TrackFrame], what: str) -> tuple[list[Array], int]:
    number: dict[Hashable, int] = {}
    counted = []
    for position, (names, _) in enumerate(frames):
        if len(set(names)) < len(names):
            doubled = next(name for name in names if list(names).count(name) > 1)
            raise LabelError(
                f"tracking: {what} {doubled!r} is on more than one instance of frame {position} of {len(frames)}; an "
                "animal can be in one place only, so correct its tracks"
            )
        counted.append(np.array([number.setdefault(name, len(number)) for name in names], int))
    return counted, len(number)
