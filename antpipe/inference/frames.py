"""Which frames to look at: `0-100,200` and ranges."""

from antpipe.errors import ConfigError

Ranges = tuple[tuple[int, int], ...]
"""Half-open ranges of frame indices, in order, without overlap."""


def parse_frames(text: str | None, frame_count: int) -> Ranges:
    """Return the ranges that a text such as `0-100,200` names (both ends included); None is the whole video.

    Raises:
        ConfigError: if the text cannot be read, or names a frame that the video does not have.
    """
    if text is None:
        return ((0, frame_count),)
    wanted: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ConfigError(f"frames {text!r}: expected numbers and ranges such as 0-100,200, got {part!r}")
        start, stop = int(first), int(last) if dash else int(first)
        if not start <= stop < frame_count:
            raise ConfigError(f"frames {text!r}: {part!r} is not within the video's frames 0-{frame_count - 1}")
        wanted.update(range(start, stop + 1))
    return join_frames(wanted)


def join_frames(frames: set[int]) -> Ranges:
    """Return the ranges that hold exactly the given frames."""
    ranges: list[tuple[int, int]] = []
    for frame in sorted(frames):
        if ranges and ranges[-1][1] == frame:
            ranges[-1] = (ranges[-1][0], frame + 1)
        else:
            ranges.append((frame, frame + 1))
    return tuple(ranges)
