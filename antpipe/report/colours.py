"""Colours that colour-blind readers can tell apart, and the one of each track."""

import re
import zlib
from collections.abc import Iterable

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

# The colours of Okabe and Ito.
SKY: Colour = (86, 180, 233)
ORANGE: Colour = (230, 159, 0)
GREEN: Colour = (0, 158, 115)
PURPLE: Colour = (204, 121, 167)
VERMILLION: Colour = (213, 94, 0)
BLUE: Colour = (0, 114, 178)
YELLOW: Colour = (240, 228, 66)
PALETTE = (SKY, ORANGE, GREEN, PURPLE, VERMILLION, BLUE, YELLOW)


def _mixed(colour: Colour, with_: int, share: float) -> Colour:
    red, green, blue = (round((1 - share) * part + share * with_) for part in colour)
    return red, green, blue


SHADES = (*PALETTE, *(_mixed(colour, 255, 0.5) for colour in PALETTE), *(_mixed(colour, 0, 0.45) for colour in PALETTE))
"""The palette, then lighter, then darker: how light a colour is, everybody sees."""


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """Return a sort key by which `ant 2` comes before `ant 10`."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name) if part]


def track_colours(names: Iterable[str]) -> dict[str, Colour]:
    """Return a colour for each track.

    A track's colour follows from its name: the number at its end, or all of it. Two tracks of one video get the same
    colour only if there are more tracks than colours.
    """
    colours: dict[str, Colour] = {}
    for name in sorted(set(names), key=natural_order):
        first = _number(name)
        turns = [SHADES[(first + turn) % len(SHADES)] for turn in range(len(SHADES))]
        free = [colour for colour in turns if colour not in colours.values()]
        colours[name] = free[0] if free else turns[0]
    return colours


def hexadecimal(colour: Colour) -> str:
    """Return a colour as matplotlib and web pages write it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _number(name: str) -> int:
    digits = re.search(r"\d+$", name)
    return int(digits[0]) if digits else zlib.crc32(name.encode())
