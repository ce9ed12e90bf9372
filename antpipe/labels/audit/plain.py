"""Findings that need no statistics: frames and points that cannot be right."""

from collections.abc import Iterator, Mapping

import numpy as np
import sleap_io as sio

from antpipe.labels.audit.finding import Finding
from antpipe.labels.audit.footage import Footage
from antpipe.labels.audit.table import Entries, InstanceTable

TOLERANCE = 0.5
"""Pixels beyond the outermost ones, whose centres are at 0 and width - 1 and which reach half a pixel further."""


def frame_findings(labels: sio.Labels, entries: Entries, footage: Mapping[str, Footage]) -> Iterator[Finding]:
    """Yield the labelled frames that no video can have, that are there twice, or that hold no animal."""
    times = np.bincount(entries.frame)
    first: dict[int, int] = {}
    for entry, (video, index) in enumerate(zip(entries.video, entries.frame_idx.tolist(), strict=True)):
        count = footage[entries.videos[video]].frame_count
        if count is not None and index >= count:
            yield Finding(kind="frame_beyond_video", entry=entry, value=index, expected=count - 1, unit="frame")
        frame = int(entries.frame[entry])
        if first.setdefault(frame, entry) != entry:
            value = int(times[frame])
            yield Finding(kind="repeated_frame", entry=entry, value=value, expected=1, unit="entries")
        labelled = labels.labeled_frames[entry]
        if not labelled.has_user_instances and not labelled.is_negative:
            predicted = len(labelled.predicted_instances)
            detail = f"{predicted} predicted, none by a person" if predicted else ""
            yield Finding(kind="empty_frame", entry=entry, value=0, expected=1, unit="instances", detail=detail)


def invisible_findings(table: InstanceTable) -> Iterator[Finding]:
    """Yield the instances without a single visible point."""
    for row in np.flatnonzero(~table.visible.any(axis=1)):
        at = table.points[row][np.isfinite(table.points[row]).all(axis=-1)]
        yield Finding(
            kind="no_visible_point",
            entry=int(table.entry[row]),
            instance=int(table.instance[row]),
            value=0,
            expected=len(table.skeleton.nodes),
            unit="points",
            at=(float(at[:, 0].mean()), float(at[:, 1].mean())) if len(at) else None,
        )


def outside_findings(table: InstanceTable, entries: Entries, footage: Mapping[str, Footage]) -> Iterator[Finding]:
    """Yield the visible points outside the picture, with how many pixels they are beyond its edge.

    Where the size of the picture is not known, only those left of it and above it.
    """
    sizes = np.array([footage[name].size or (np.inf, np.inf) for name in entries.videos], float).reshape(-1, 2)
    size = sizes[entries.video[table.entry]][:, None]
    points = table.seen
    beyond = np.maximum(-0.5 - points, points - (size - 0.5))
    for row, node in np.argwhere((beyond > TOLERANCE).any(axis=-1)):
        axis = int(beyond[row, node].argmax())
        before = points[row, node, axis] < 0
        yield Finding(
            kind="outside_frame",
            entry=int(table.entry[row]),
            instance=int(table.instance[row]),
            nodes=(table.skeleton.nodes[node],),
            value=float(beyond[row, node, axis]),
            expected=0,
            unit="px",
            score=float(beyond[row, node, axis]),
            detail=f"beyond the {('left' if before else 'right', 'upper' if before else 'lower')[axis]} edge",
            at=(float(points[row, node, 0]), float(points[row, node, 1])),
        )
