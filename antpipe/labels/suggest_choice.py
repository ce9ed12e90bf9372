"""The choice of frames: the oddest first, spread over reasons, videos and time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antpipe.config.suggest import SuggestConfig
from antpipe.geometry import Array


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A frame that was chosen."""

    video: int
    position: int
    """Its place among the frames examined of that video."""
    kind: int
    """The reason for which it was its turn."""


def ranks(values: Array) -> Array:
    """Return for each number (frames, kinds) the share of frames that are less odd in that respect, 0 to below 1."""
    below = [np.searchsorted(np.sort(column), column) for column in values.T]
    return np.stack(below, axis=1) / max(len(values), 1)


def choose(
    scores: Sequence[Array], frames: Sequence[Array], labelled: Sequence[Array], config: SuggestConfig
) -> list[Choice]:
    """Return the frames to suggest, the most urgent first.

    The reasons take turns. In its turn a reason takes the frame that is highest in its own weight and the mean of all
    weights together, among those that are neither labelled nor too close to one that is labelled or taken, in videos
    that have not given their share. A weight is the logarithm of how rare a score is: 1 for the worst tenth of the
    frames, 2 for the worst hundredth. A reason whose score is 0 in all frames left is passed over.

    Args:
        scores: per video (frames, kinds), 0 to below 1, as `ranks` gives them.
        frames: per video, indices of the frames in order.
        labelled: per video, indices of labelled frames.
        config: numbers of frames and the gap between them.
    """
    gap, gap_to_labelled = _gaps(frames, labelled, config)
    pool = _Pool(frames)
    for video, indices in enumerate(labelled):
        for frame_idx in indices:
            pool.close_around(video, frame_idx, gap_to_labelled)
    worth = _worth(np.concatenate(scores), np.random.default_rng(config.seed))
    left = [config.per_video or -(-2 * config.frames // len(frames))] * len(frames)
    chosen: list[Choice] = []
    turn = passed = 0
    while len(chosen) < config.frames and passed < worth.shape[1]:
        kind, turn = turn % worth.shape[1], turn + 1
        place = pool.best(worth[:, kind])
        if place is None:
            passed += 1
            continue
        passed, video = 0, place[0]
        chosen.append(Choice(video=video, position=place[1], kind=kind))
        pool.close_around(video, frames[video][place[1]], gap)
        left[video] -= 1
        if not left[video]:
            pool.close(video)
    return chosen


class _Pool:
    """The frames of all videos, one video after the other, that may still be taken."""

    def __init__(self, frames: Sequence[Array]) -> None:
        self._frames = frames
        self._start = np.cumsum([0, *map(len, frames)])
        self._open = np.ones(self._start[-1], bool)

    def best(self, worth: Array) -> tuple[int, int] | None:
        """Return video and position of the open frame that is worth most; None if none is worth anything."""
        values = np.where(self._open, worth, -np.inf)
        index = int(values.argmax()) if len(values) else -1
        if index < 0 or values[index] == -np.inf:
            return None
        video = int(np.searchsorted(self._start, index, side="right")) - 1
        return video, index - int(self._start[video])

    def close_around(self, video: int, frame_idx: int, gap: int) -> None:
        """Close the frames of a video that are less than `gap` frames away from one."""
        nearest = np.searchsorted(self._frames[video], [frame_idx - gap + 1, frame_idx + gap])
        low, high = nearest + self._start[video]
        self._open[low:high] = False

    def close(self, video: int) -> None:
        """Close a whole video."""
        self._open[self._start[video] : self._start[video + 1]] = False


def _worth(scores: Array, rng: np.random.Generator) -> Array:
    """Return what each frame is worth to each reason; where frames are equal the lot decides."""
    weights = -np.log10(1 - scores)
    lot = rng.random((len(scores), 1)) * 1e-9
    return np.where(scores > 0, weights + weights.mean(axis=1, keepdims=True) + lot, -np.inf)


def _gaps(frames: Sequence[Array], labelled: Sequence[Array], config: SuggestConfig) -> tuple[int, int]:
    """Return the least distances between suggested frames, and of them from labelled ones."""
    if config.min_gap is not None:
        return config.min_gap, config.min_gap
    total, known = sum(map(len, frames)), sum(map(len, labelled))
    return max(total // (4 * config.frames), 1), max(total // (4 * max(config.frames, known)), 1)
