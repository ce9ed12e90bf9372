"""Nodes of label files that are to be merged: renaming, and the check that all files have the same ones."""

from collections.abc import Sequence
from dataclasses import replace

import sleap_io as sio
import yaml

from antpipe.errors import LabelError
from antpipe.labels.source import Source
from antpipe.labels.videos import file_name

Edge = tuple[str, str]


def renamed_nodes(skeleton: sio.Skeleton, source: Source) -> dict[str, str]:
    """Return the nodes of the result, each with the node of `skeleton` that it comes from.

    Raises:
        LabelError: if two nodes would get the same name.
    """
    new = {n: source.renames.get(n, n) for n in skeleton.node_names}
    came_from = {b: a for a, b in new.items() if b is not None}
    doubled = sorted({b for a, b in new.items() if b is not None and came_from[b] != a})
    if doubled:
        raise LabelError(f"map-nodes: in {source.name} several nodes would become {doubled}; rename the others as well")
    return came_from


def renamed_pairs(pairs: Sequence[Edge], source: Source) -> list[Edge]:
    """Return edges or symmetries under their new names; those of a node that is left out are dropped."""
    new = [(source.renames.get(a, a), source.renames.get(b, b)) for a, b in pairs]
    return [(a, b) for a, b in new if a is not None and b is not None]


def result_skeleton(sources: Sequence[Source]) -> sio.Skeleton:
    """Return the first file's skeleton, renamed, after a check that all others have the same nodes in any order.

    Raises:
        LabelError: naming the nodes that differ in each file, with the text of a node map to start from.
    """
    source = next((s for s in sources if s.skeletons), None)
    if source is None:
        raise LabelError(f"expected label files with a skeleton, but none of {[s.name for s in sources]} has one")
    first = source.skeletons[0]
    edges, symmetries = (renamed_pairs(pairs, source) for pairs in (first.edge_names, first.symmetry_names))
    result = sio.Skeleton(list(renamed_nodes(first, source)), edges, symmetries, name=first.name)
    _refuse_different(result, sources)
    return result


def different_edges(skeleton: sio.Skeleton, source: Source) -> dict[str, list[Edge]]:
    """Return the edges that only the file has and those that only the result has, whatever their direction.

    Where edges differ although the names agree, two nodes may have changed places.
    """
    own = {_sorted(e) for s in source.skeletons for e in renamed_pairs(s.edge_names, source)}
    result = {_sorted(e) for e in skeleton.edge_names}
    return {"edges_only_here": sorted(own - result), "edges_only_in_result": sorted(result - own)}


def _refuse_different(result: sio.Skeleton, sources: Sequence[Source]) -> None:
    target = set(result.node_names)
    lines, draft = [], {}
    for source in sources:
        nodes = next((n for s in source.skeletons if (n := set(renamed_nodes(s, source))) != target), target)
        if nodes != target:
            lines.append(f"{source.name}: nodes only here {sorted(nodes - target)}, missing {sorted(target - nodes)}")
            draft[file_name(source.name)] = _draft_renames(nodes, target, source)
            lines[-1] += _swapped(result, replace(source, renames=draft[file_name(source.name)]))
    if lines:
        raise LabelError(
            f"skeletons differ from the nodes {result.node_names}; {'; '.join(lines)}. Leave the file out, or rename "
            "its nodes with --map-nodes FILE.yaml (map_nodes in the config), starting from: "
            # On one line, as errors are shown, this is YAML all the same.
            + yaml.safe_dump(draft, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10**6).strip()
        )


def _draft_renames(nodes: set[str], target: set[str], source: Source) -> dict[str, str | None]:
    # Names that differ only in case, spaces and punctuation are most likely the same node.
    missing = {_plain(n): n for n in sorted(target - nodes)}
    back = {b: a for a, b in source.renames.items()}
    return {**source.renames, **{back.get(n, n): missing.get(_plain(n)) for n in sorted(nodes - target)}}


def _swapped(result: sio.Skeleton, renamed: Source) -> str:
    edges = different_edges(result, renamed)["edges_only_here"]
    if not edges:
        return ""
    return f" (also under the names at the end its edges {edges} are only here: two nodes may have changed places)"


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _sorted(edge: Edge) -> Edge:
    first, second = sorted(edge)
    return first, second
