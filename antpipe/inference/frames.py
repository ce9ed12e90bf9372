"""Which frames to look at: `0-100,200`, ranges, and the chunks in which long work is done."""

from collections.abc import Iterable

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
    wanted: list[tuple[int, int]] = []
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ConfigError(f"frames {text!r}: expected numbers and ranges such as 0-100,200, got {part!r}")
        start, stop = int(first), int(last) if dash else int(first)
        if not start <= stop < frame_count:
            raise ConfigError(f"frames {text!r}: {part!r} is not within the video's frames 0-{frame_count - 1}")
        wanted.append((start, stop + 1))
    return join_ranges(wanted)


def join_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges that hold exactly the frames of the given ones, which may overlap and come in any order."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        elif start < stop:
            joined.append((start, stop))
    return tuple(joined)


def in_chunks(ranges: Ranges, size: int) -> list[Ranges]:
    """Return the frames of some ranges in chunks of `size` frames, in order; the last may be smaller."""
    chunks: list[Ranges] = []
    chunk: list[tuple[int, int]] = []
    room = size
    for start, stop in ranges:
        while start < stop:
            cut = min(stop, start + room)
            chunk.append((start, cut))
            start, room = cut, room - (cut - start)
            if not room:
                chunks.append(tuple(chunk))
                chunk, room = [], size
    return [*chunks, tuple(chunk)] if chunk else chunks
