"""Nodes that features are measured on: those that the settings name, else those of the ant skeleton."""

import difflib
from collections.abc import Iterable

from antpipe.errors import ConfigError
from antpipe.poses import Skeleton

ANT_ANGLES = {
    **{
        f"{leg}Leg": (parent, f"{leg}Leg", f"{leg}Foot")
        for leg, parent in (
            ("LHind", "Petiole"),
            ("RHind", "Petiole"),
            ("LMid", "LowerThorax"),
            ("RMid", "LowerThorax"),
            ("LFore", "UpperThorax"),
            ("RFore", "UpperThorax"),
        )
    },
    "body": ("Head", "LowerThorax", "Abdomen"),
}
"""Knees, hind legs first because they hold the pull, and the bend of the body."""
ANT_BODY = ("Head", "Neck", "UpperThorax", "LowerThorax", "Petiole", "Abdomen")
# The nodes within the thorax are too near to each other for a steady direction, and the head turns by itself.
ANT_AXIS = ("Petiole", "Neck")
ANT_CENTRE = "LowerThorax"


def is_ant(skeleton: Skeleton) -> bool:
    """Return whether a skeleton has all nodes of the ant skeleton."""
    return {node for triple in ANT_ANGLES.values() for node in triple} | set(ANT_BODY) <= set(skeleton.nodes)


def node_indices(skeleton: Skeleton, nodes: Iterable[str], key: str) -> list[int]:
    """Return the indices of the nodes that a key of the features names.

    Raises:
        ConfigError: if the skeleton lacks one.
    """
    found = []
    for node in nodes:
        if node not in skeleton.nodes:
            close = difflib.get_close_matches(node, skeleton.nodes, 1)
            guess = f"did you mean {close[0]!r}? " if close else ""
            raise ConfigError(f"features.{key}: unknown node {node!r}; {guess}the skeleton has {list(skeleton.nodes)}")
        found.append(skeleton.nodes.index(node))
    return found
