"""Left and right partners among the nodes of a skeleton."""

import re
from collections.abc import Iterator

from antpipe.poses import Skeleton

Pair = tuple[int, int]

_SIDES = (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"), ("L", "R"))


def find_pairs(skeleton: Skeleton) -> tuple[list[Pair], bool]:
    """Return the pairs of nodes that are each other's mirror image, and whether the skeleton itself says so.

    Where the skeleton has no symmetries, names tell: `LForeLeg` and `RForeLeg`, `wingL` and `wingR`, `left_ear` and
    `right_ear`, `ear_l` and `ear_r`. A node belongs to one pair at most.
    """
    nodes = skeleton.nodes
    if skeleton.symmetries:
        return [(nodes.index(a), nodes.index(b)) for a, b in skeleton.symmetries], True
    pairs: dict[str, str] = {}
    for left in nodes:
        partners = {name for name in _mirrored(left) if name in nodes}
        if len(partners) == 1 and partners.isdisjoint(pairs.values()):
            pairs[left] = partners.pop()
    return [(nodes.index(a), nodes.index(b)) for a, b in pairs.items()], False


def _mirrored(name: str) -> Iterator[str]:
    """Yield names that the partner of a left node may have: one mark of the left side becomes one of the right."""
    for left, right in _SIDES:
        for found in re.finditer(left, name):
            yield name[: found.start()] + right + name[found.end() :]
    # A small l is a mark only where it stands alone.
    for found in re.finditer(r"(?<![A-Za-z])l(?![A-Za-z])", name):
        yield name[: found.start()] + "r" + name[found.end() :]
