"""Times of frames: the rate of a video, and whether it is constant."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antpipe.video.encode import frame_rate

UNTIMED_RATE = Fraction(25)
"""Of a video with a single frame and no rate, as in ffmpeg."""
GAP_TOLERANCE = 0.1
MOST_HOLES = 0.05
RATE_TOLERANCE = 2e-4


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How the frames of a video lie in time."""

    rate: Fraction
    """Frames per second; of the regular grid where few frames are missing on it, else the average."""
    variable: bool
    """Frame number over rate does not give the time."""


def measure_timing(stamps: NDArray[np.int64], tick: Fraction, claimed: Sequence[Fraction]) -> Timing:
    """Return the rate of frames at increasing times.

    Args:
        stamps: (frames,) times in ticks.
        tick: seconds.
        claimed: rates that the file claims; one that agrees with the times is more exact than what they give.
    """
    if len(stamps) < 2:
        return Timing(rate=claimed[0] if claimed else UNTIMED_RATE, variable=False)
    gaps = np.diff(stamps) * float(tick)
    steps, regular = _grid_steps(gaps, float(tick))
    holes = int(steps.sum()) - len(gaps)
    grid, average = (len(gaps) + holes) / float(gaps.sum()), len(gaps) / float(gaps.sum())
    on_grid = regular and (holes <= MOST_HOLES * len(gaps) or _agree(grid, claimed[:1]))
    measured = grid if on_grid else average
    agreeing = _agree(measured, claimed, 2 * float(tick) / float(gaps.sum()))
    return Timing(rate=agreeing[0] if agreeing else frame_rate(measured), variable=not regular or holes > 0)


def _agree(measured: float, claimed: Sequence[Fraction], tolerance: float = 0.0) -> list[Fraction]:
    return [rate for rate in claimed if abs(float(rate) / measured - 1) <= max(tolerance, RATE_TOLERANCE)]


def _grid_steps(gaps: NDArray[Any], tick: float) -> tuple[NDArray[Any], bool]:
    """Return how many typical gaps each gap (seconds) is long, and whether all are whole numbers of them."""
    typical = float(np.median(gaps))
    steps = np.maximum(np.rint(gaps / typical), 1)
    # Containers round times to ticks, so a gap may be off by one and a half of them.
    tolerance = max(GAP_TOLERANCE * typical, 1.5 * tick)
    return steps, bool(np.all(np.abs(gaps / steps - typical) <= tolerance))
