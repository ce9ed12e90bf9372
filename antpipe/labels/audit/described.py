"""What was measured on a table of instances, as findings that a person can follow up."""

from collections.abc import Collection, Iterator

import numpy as np

from antpipe.geometry import Array
from antpipe.labels.audit.angles import wrap
from antpipe.labels.audit.duplicates import Twin, find_copies, find_duplicates
from antpipe.labels.audit.finding import Finding
from antpipe.labels.audit.outliers import Outlier
from antpipe.labels.audit.shape import Shape
from antpipe.labels.audit.sizes import group_medians
from antpipe.labels.audit.spread import median, side_scores
from antpipe.labels.audit.swaps import Swap, exchanged
from antpipe.labels.audit.table import Entries, InstanceTable

SIZE = 6.0
"""Robust standard deviations from which on the size of an animal is unusual for its video."""
SIZE_SPREAD = 0.05
"""No video's animals are taken to be more alike than this, as ln of the size."""


def shape_findings(shape: Shape, entries: Entries) -> Iterator[Finding]:
    """Yield exchanged sides, nodes out of place, and animals of unusual size."""
    yield from (_swap(shape, swap) for swap in shape.swaps)
    yield from (_outlier(shape, outlier) for outlier in shape.outliers)
    yield from _sizes(shape, entries)


def twin_findings(shape: Shape, entries: Entries, still: Collection[int]) -> Iterator[Finding]:
    """Yield animals that were labelled twice, and points that were copied from another frame.

    In frames (by their number in `entries.frame`) in which animals stand `still`, equal points are nothing unusual.
    """
    table = shape.table
    points, frame, video = table.seen, entries.frame[table.entry], entries.video[table.entry]
    for twin in find_duplicates(points, frame, shape.size, exchanged(points.shape[1], shape.pairs)):
        apart = table.entry[twin.row] != table.entry[twin.earlier]
        detail = _other(table, twin) + (" of the frame's other entry" if apart else "")
        yield _twin("duplicate_instance", table, twin, unit="px", score=-twin.value, detail=detail)
    for twin in (twin for twin in find_copies(points, frame, video) if frame[twin.row] not in still):
        detail = f"{_other(table, twin)} of frame {entries.frame_idx[table.entry[twin.earlier]]}"
        yield _twin("copied_points", table, twin, unit="points", score=twin.value, detail=detail)


def _swap(shape: Shape, swap: Swap) -> Finding:
    nodes = [node for pair in swap.pairs for node in pair]
    return Finding(
        kind="left_right_swap",
        entry=int(shape.table.entry[swap.row]),
        instance=int(shape.table.instance[swap.row]),
        nodes=tuple(shape.table.skeleton.nodes[node] for node in nodes),
        value=swap.now_px,
        expected=swap.then_px,
        unit="px",
        score=swap.gain,
        detail="mean distance from the usual places, as labelled and after the exchange",
        at=_middle(shape.table.seen[swap.row, nodes]),
        expected_at=_usual(shape, swap.row, nodes),
    )


def _outlier(shape: Shape, outlier: Outlier) -> Finding:
    row, names = outlier.row, shape.table.skeleton.nodes
    if outlier.kind == "edge_length":
        value, expected = (float(v[row, outlier.measure]) for v in (shape.lengths.px, shape.lengths.expected))
        unit, detail = "px", "{} to {}".format(*(names[node] for node in shape.edges[outlier.measure]))
    else:
        angles = shape.angles.value[row, outlier.measure], shape.angles.expected[outlier.measure]
        value, expected = (float(np.rad2deg(wrap(angle))) for angle in angles)
        first, middle, second = (names[node] for node in shape.joints[outlier.measure])
        unit, detail = "degrees", f"at {middle}, clockwise from {first} to {second}"
    return Finding(
        kind=outlier.kind,
        entry=int(shape.table.entry[row]),
        instance=int(shape.table.instance[row]),
        nodes=(names[outlier.node],),
        value=value,
        expected=expected,
        unit=unit,
        score=outlier.score,
        detail=detail,
        at=_middle(shape.table.seen[row, [outlier.node]]),
        expected_at=_usual(shape, row, [outlier.node]),
    )


def _sizes(shape: Shape, entries: Entries) -> Iterator[Finding]:
    table, scale = shape.table, shape.lengths.scale
    video = entries.video[table.entry]
    deviation = scale - group_medians(scale, video)
    for number in np.unique(video):
        rows = np.flatnonzero(video == number)
        scores = np.abs(side_scores(deviation[rows, None], SIZE_SPREAD)[:, 0])
        for row, score in zip(rows, scores, strict=True):
            if score > SIZE:
                expected = float(shape.size[row])
                yield Finding(
                    kind="animal_size",
                    entry=int(table.entry[row]),
                    instance=int(table.instance[row]),
                    value=float(np.exp(deviation[row]) * expected),
                    expected=expected,
                    unit="px",
                    score=float(score),
                    detail="longest side of the animal, judged by all of its edges",
                    at=_middle(table.seen[row]),
                )


def _twin(kind: str, table: InstanceTable, twin: Twin, *, unit: str, score: float, detail: str) -> Finding:
    return Finding(
        kind=kind,
        entry=int(table.entry[twin.row]),
        instance=int(table.instance[twin.row]),
        value=twin.value,
        expected=twin.limit,
        unit=unit,
        score=score,
        detail=detail,
        other=int(table.instance[twin.earlier]) if table.entry[twin.row] == table.entry[twin.earlier] else None,
        at=_middle(table.seen[twin.row]),
    )


def _other(table: InstanceTable, twin: Twin) -> str:
    return f"same as instance {table.instance[twin.earlier]}"


def _middle(points: Array) -> tuple[float, float] | None:
    x, y = median(points)
    return None if np.isnan(x) else (float(x), float(y))


def _usual(shape: Shape, row: int, nodes: list[int]) -> tuple[tuple[float, float], ...]:
    places = shape.body.to_pixels(row, shape.body.usual[nodes])
    return () if np.isnan(places).any() else tuple((float(x), float(y)) for x, y in places)
