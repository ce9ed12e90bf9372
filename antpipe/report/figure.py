"""What all figures share: size, type, colours, and a file that appears whole."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullLocator

from antpipe.files import atomic_path

_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.dpi": 200,
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
}
_LONGEST_NAME = 32
_TICK_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


@contextlib.contextmanager
def figure_to(output_png: str | Path, width: float, height: float) -> Iterator[Figure]:
    """Yield a figure of `width` by `height` inches that is saved as PNG when the block ends without error."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with atomic_path(output_png) as temporary:
            figure.savefig(temporary, format="png")


def clock(seconds: float) -> str:
    """Return a time as minutes:seconds or hours:minutes:seconds, with tenths where it has them."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    text = f"{rest // 10:02}" + (f".{rest % 10}" if rest % 10 else "")
    return f"{minutes // 60}:{minutes % 60:02}:{text}" if minutes >= 60 else f"{minutes}:{text}"


def shorten(name: str) -> str:
    """Return a name that fits beside an axis: the end of a long one is cut off."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def show_logarithmic(axes: Axes) -> None:
    """Let the vertical axis be logarithmic, with plain numbers at 1, 2 and 5 of each power of ten."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", lw=0.4, alpha=0.5)


def show_time(axes: Axes, start_s: float, stop_s: float) -> None:
    """Let the horizontal axis show the video's time from start to stop, with round ticks."""
    length = max(stop_s - start_s, 0.1)
    step = next((step for step in _TICK_STEPS_S if length / step <= 8), _TICK_STEPS_S[-1])
    axes.set_xlim(start_s, start_s + length)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
    axes.set_xlabel(f"Time in the video ({'hours:' if stop_s >= 3600 else ''}minutes:seconds)")
