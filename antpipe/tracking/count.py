"""How many animals a video shows, where their number is constant."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from antpipe.config.tracking import OWN_SETTINGS, TrackConfig
from antpipe.poses import Poses
from antpipe.tracking.found import by_frame
from antpipe.tracking.methods.motion import Motion
from antpipe.tracking.named import known_animals
from antpipe.tracking.registry import Setup

ENOUGH = 12
"""Frames in which a track must have been seen to count as an animal, and no more than half of the video."""
OFTEN = 0.9
"""The number is not exceeded in this share of the frames; animals that hide for long count, rare doubles do not."""


def count_animals(parts: Iterable[Poses], config: TrackConfig) -> int:
    """Return the number of animals of a video, at least 1, by tracking it once with `motion` and without a limit.

    In each frame the tracks are counted that are open and were seen in at least 12 frames, so an animal that is missed
    for less than `window` frames counts and a false instance that flickers does not. The answer is the 90th percentile
    of these counts. Memory is that of one table.
    """
    free = _without_limit(config)
    counts: Counter[int] = Counter()
    motion: Motion | None = None
    for poses in parts:
        motion = motion or Motion(Setup.of(poses.info, free))
        enough = min(ENOUGH, max(poses.info.frame_total // 2, 1))
        for _, found in by_frame(poses, known_animals(poses), np.ones(len(poses), bool)):
            motion.link(found)
            counts[int((motion.tracks.times >= enough).sum())] += 1
    numbers = np.array(sorted(counts), int)
    below = np.cumsum([counts[number] for number in numbers.tolist()])
    often = numbers[np.searchsorted(below, OFTEN * below[-1])] if len(numbers) else 0
    return max(int(often), motion.setup.named if motion else 0, 1)


def _without_limit(config: TrackConfig) -> TrackConfig:
    """Return the settings of `motion` that a configuration has, without a limit on tracks."""
    kept = {"window", "gate", "matching", "min_new_track_points"}
    kept |= OWN_SETTINGS["motion"] - {"max_tracks"} if config.method == "motion" else set()
    return TrackConfig(**config.model_dump(include=kept))
