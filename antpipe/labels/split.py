"""Dividing labelled frames into training, validation and test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sleap_io as sio

from antpipe.config.labels import SPLIT_WAYS, check_fractions
from antpipe.errors import ConfigError, LabelError
from antpipe.geometry import Array
from antpipe.labels.deal import deal_blocks, deal_frames, deal_runs, deal_videos
from antpipe.labels.fold import PARTS, Fold, FrameKey, keep_gap
from antpipe.labels.videos import video_keys


@dataclass(frozen=True, kw_only=True)
class Split:
    """The folds of a cross-validation, or a single one, and how they were drawn."""

    folds: tuple[Fold, ...]
    by: str
    """`block`, `frame`, `video`, or `indices` for lists that were given."""
    fractions: tuple[float, ...] | None = None
    seed: int | None = None
    block_frames: int | None = None
    min_gap: int | None = None
    max_frames: int | None = None
    notes: tuple[str, ...] = ()
    """What a reader of the figures should know, such as a part that had to stay empty."""


def split_labels(
    labels: sio.Labels,
    *,
    by: str = "block",
    fractions: Sequence[float] = (0.6, 0.2, 0.2),
    folds: int | None = None,
    seed: int = 0,
    block_frames: int | None = None,
    min_gap: int = 5,
    max_frames: int | None = None,
) -> Split:
    """Return a split of the frames with user instances; frames without one belong to no part.

    `by` says what stays together. `block`: runs of labelled frames in time, one per part and video, or blocks of
    `block_frames` labelled frames, where blocks with few and with many animals go to all parts alike; `video`: whole
    videos; `frame`: nothing, but frames with few and with many animals go to all parts alike. With `folds`, the test
    part is the same in every fold, and each other frame is validation in exactly one fold and training in the rest,
    unless it is left out there. `max_frames` thins out training and validation together to so many frames, spread
    over time at random. With `block`, training frames nearer than `min_gap` frames to validation or test are left out
    (`keep_gap`). Frames left out belong to no part; `notes` counts those of the gap.

    Training and validation are never empty: of two labelled frames none goes to test, and a single one is both
    training and validation; `notes` says so.

    Raises:
        LabelError: if no frame is labelled, or too few frames, blocks or videos for the parts asked for.
        ConfigError: if an option cannot be used.
    """
    _check_options(by, fractions, folds, block_frames, min_gap)
    counts = _instance_counts(labels)
    if not counts:
        raise LabelError("split: expected labelled frames, but no frame has a user instance; label some frames first")
    shares, notes = _shares(fractions, folds, len(counts))
    rng = np.random.default_rng(seed)
    part = _deal(counts, shares, by, block_frames, rng)
    if max_frames is not None:
        part = _thin_out(part, max_frames, 2 if folds is None else folds, rng)
    made, gaps = _keep_gaps(_make_folds(list(counts), part, folds), min_gap if by == "block" else 0)
    return Split(
        folds=made,
        by=by,
        fractions=tuple(fractions),
        seed=seed,
        block_frames=block_frames,
        min_gap=min_gap if by == "block" else None,
        max_frames=max_frames,
        notes=notes + gaps,
    )


def split_from_indices(
    labels: sio.Labels, *, train: Sequence[int], val: Sequence[int], test: Sequence[int] = ()
) -> Split:
    """Return the split that lists of indices into `labels.labeled_frames` describe, as in a SLEAP training config.

    The order of the lists is kept. Frames without user instances are left out, and `notes` counts them: SLEAP draws
    such lists over all frames of a file, also those with predictions only.

    Raises:
        LabelError: if an index is outside the labels, or nothing is left of training or validation.
    """
    keys = _frame_keys(labels)
    labelled = set(_instance_counts(labels))
    parts, empty = {}, 0
    for name, indices in zip(PARTS, (train, val, test), strict=True):
        outside = [i for i in indices if not 0 <= i < len(keys)]
        if outside:
            raise LabelError(
                f"split: {name} index {outside[0]} is outside the {len(keys)} frames of the labels; use the label file "
                "that the indices were made for"
            )
        parts[name] = tuple(keys[i] for i in indices if keys[i] in labelled)
        empty += len(indices) - len(parts[name])
        if not parts[name] and name != "test":
            raise LabelError(
                f"split: none of the {len(indices)} {name} frames has a user instance; choose other frames"
            )
    notes = (f"{empty} frames of the lists have no user instance and were left out",) if empty else ()
    return Split(folds=(Fold(**parts),), by="indices", notes=notes)


def frames_of(labels: sio.Labels, keys: Sequence[FrameKey]) -> list[sio.LabeledFrame]:
    """Return the frames of a part of a split, in its order.

    Raises:
        LabelError: if a frame is not in the labels or has no user instance there (any more).
    """
    frames: dict[FrameKey, list[sio.LabeledFrame]] = {}
    for key, frame in zip(_frame_keys(labels), labels.labeled_frames, strict=True):
        if frame.has_user_instances:
            frames.setdefault(key, []).append(frame)
    missing = [key for key in keys if key not in frames]
    if missing:
        video, frame_idx = missing[0]
        raise LabelError(
            f"split: {len(missing)} of {len(keys)} frames are not labelled in these labels, the first is frame "
            f"{frame_idx} of {video!r}; split the labels again"
        )
    return [frame for key in keys for frame in frames[key]]


def _check_options(
    by: str, fractions: Sequence[float], folds: int | None, block_frames: int | None, min_gap: int
) -> None:
    if by not in SPLIT_WAYS:
        raise ConfigError(f"split by: expected one of {list(SPLIT_WAYS)}, got {by!r}")
    if folds is not None and folds < 2:
        raise ConfigError(f"split folds: expected at least 2, or none for a single split, got {folds}")
    if block_frames is not None and (by != "block" or block_frames < 1):
        raise ConfigError(f"split block_frames: expected at least 1, with by block, got {block_frames} with by {by}")
    if min_gap < 0:
        raise ConfigError(f"split min_gap: expected 0 frames or more, got {min_gap}")
    try:
        check_fractions(tuple(fractions))
    except ValueError as error:
        raise ConfigError(f"split {error}") from error


def _frame_keys(labels: sio.Labels) -> list[FrameKey]:
    keys = {id(video): key for video, key in zip(labels.videos, video_keys(labels), strict=True)}
    return [(keys[id(frame.video)], int(frame.frame_idx)) for frame in labels.labeled_frames]


def _instance_counts(labels: sio.Labels) -> dict[FrameKey, int]:
    """Return the number of user instances of every frame that has one, by video and in time."""
    counts: dict[FrameKey, int] = {}
    for key, frame in zip(_frame_keys(labels), labels.labeled_frames, strict=True):
        if frame.has_user_instances:
            counts[key] = counts.get(key, 0) + len(frame.user_instances)
    return dict(sorted(counts.items()))


def _shares(fractions: Sequence[float], folds: int | None, frames: int) -> tuple[list[float], tuple[str, ...]]:
    """Return the share of each part that is dealt; with folds, one part per fold and then test."""
    train, val, test = fractions
    parts = [train, val] if folds is None else [(1 - test) / folds] * folds
    shares = parts + [test] * (test > 0)
    if frames >= len(shares):
        return shares, ()
    if folds is not None:
        raise LabelError(
            f"split: {folds} folds{' and a test part' * (test > 0)} need at least {len(shares)} labelled frames, got "
            f"{frames}; choose fewer folds"
        )
    if frames == 1:
        return [1.0], ("1 labelled frame: validation repeats training, so its figures say nothing about new frames",)
    return [train / (train + val), val / (train + val)], (f"{frames} labelled frames: the test part is empty",)


def _deal(
    counts: dict[FrameKey, int], shares: list[float], by: str, block_frames: int | None, rng: np.random.Generator
) -> Array:
    video = np.unique([video for video, _ in counts], return_inverse=True)[1]
    if by == "frame":
        return deal_frames(np.array(list(counts.values())), shares, rng)
    if by == "video" and len(counts) > 1:
        return deal_videos(video, shares, rng)
    if block_frames is not None and len(counts) > 1:
        return deal_blocks(video, np.array(list(counts.values())), block_frames, shares, rng)
    return deal_runs(video, shares, rng)


def _thin_out(part: Array, most: int, parts: int, rng: np.random.Generator) -> Array:
    """Return the parts with at most about `most` frames in the first `parts` of them; the others get -1.

    Of each part as large a share is kept, at least one frame: one at random of every run of equal length in time.
    """
    kept = part.copy()
    total = int((part < parts).sum())
    for number in range(parts) if total > most else ():
        rows = np.flatnonzero(part == number)
        runs = np.array_split(rows, max(len(rows) * most // total, 1)) if len(rows) else []
        kept[rows] = -1
        kept[[rng.choice(run) for run in runs]] = number
    return kept


def _make_folds(keys: list[FrameKey], part: Array, folds: int | None) -> tuple[Fold, ...]:
    def where(mask: Array) -> tuple[FrameKey, ...]:
        return tuple(key for key, wanted in zip(keys, mask, strict=True) if wanted)

    if folds is not None:
        return tuple(
            Fold(
                train=where((part != k) & (part >= 0) & (part < folds)), val=where(part == k), test=where(part == folds)
            )
            for k in range(folds)
        )
    val = where(part == 1) or where(part == 0)
    return (Fold(train=where(part == 0), val=val, test=where(part == 2)),)


def _keep_gaps(folds: tuple[Fold, ...], min_gap: int) -> tuple[tuple[Fold, ...], tuple[str, ...]]:
    made, notes = [], []
    for number, fold in enumerate(folds):
        # A single labelled frame is both training and validation.
        kept, note = (fold, None) if fold.train == fold.val else keep_gap(fold, min_gap)
        made.append(kept)
        if note:
            notes.append(note if len(folds) == 1 else f"fold {number}: {note}")
    return tuple(made), tuple(notes)
