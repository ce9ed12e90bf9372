"""The parts of a split, and how far they lie from each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

FrameKey = tuple[str, int]
"""Video (its file name, as `video_keys` gives it) and frame index."""

PARTS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class Fold:
    """The frames of one training, each as (video, frame index)."""

    train: tuple[FrameKey, ...]
    val: tuple[FrameKey, ...]
    test: tuple[FrameKey, ...]


def nearest_training_frames(fold: Fold, part: str) -> list[int | None]:
    """Return for each frame of `part` how many frames away the nearest training frame of its video is.

    None where no training frame comes from that video. Small distances mean near-duplicates of training frames.
    """
    return _nearest(getattr(fold, part), fold.train)


def keep_gap(fold: Fold, min_gap: int) -> tuple[Fold, str | None]:
    """Leave out training frames nearer than `min_gap` frames to a validation or test frame of their video.

    Where these would be more than a quarter of the training frames, the gap shrinks until they are not. The order of
    the frames stays.

    Returns:
        The fold, and a sentence on what was done; None if all frames stay and are far enough.
    """
    nearest = _nearest(fold.train, (*fold.val, *fold.test))
    gap = min_gap
    while 4 * sum(distance is not None and distance < gap for distance in nearest) > len(nearest):
        gap -= 1
    far = [distance is None or distance >= gap for distance in nearest]
    kept = tuple(key for key, is_far in zip(fold.train, far, strict=True) if is_far)
    sentences = []
    if gap < min_gap:
        sentences.append(
            f"a gap of {min_gap} frames would leave out more than a quarter of the {len(far)} training frames, so it "
            f"is {gap}"
        )
    if len(kept) < len(far):
        sentences.append(
            f"{len(far) - len(kept)} of {len(far)} training frames were left out, as they are nearer than {gap} frames "
            "to one of validation or test"
        )
    return replace(fold, train=kept), "; ".join(sentences) or None


def _nearest(keys: Sequence[FrameKey], others: Iterable[FrameKey]) -> list[int | None]:
    by_video: dict[str, list[int]] = {}
    for video, frame_idx in others:
        by_video.setdefault(video, []).append(frame_idx)
    places = {video: np.array(frames) for video, frames in by_video.items()}
    return [int(np.abs(places[video] - frame).min()) if video in places else None for video, frame in keys]
