"""Settings of the choice of frames to label next."""

from typing import Annotated

from pydantic import Field

from antpipe.config.base import Count, Section


class SuggestConfig(Section):
    """Which predicted frames a person should correct next."""

    frames: Count = 20
    """Frames to suggest, over all videos together. Fewer come out where no more are left."""
    per_video: Count | None = None
    """Most frames from one video. None: twice its even share, so that difficult videos get more."""
    min_gap: Count | None = None
    """A suggested frame is at least this many frames away from every other one and from every labelled frame of its
    video, because neighbouring frames look alike. None: a quarter of the distance that the suggested frames would have
    if they were spread evenly; from labelled frames, where there are more of these, a quarter of theirs."""
    count_window: Count = 50
    """How many frames before and after a frame say what number of animals is usual at that time (their median)."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Start of the random numbers that decide between equal frames; the same seed gives the same suggestions."""
