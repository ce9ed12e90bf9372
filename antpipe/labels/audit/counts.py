"""What a label file holds, counted: in all, per node, per video and per labelled frame."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sleap_io as sio

from antpipe.geometry import Array
from antpipe.labels.audit.table import Entries, InstanceTable

Row = dict[str, Any]


def count_nodes(tables: Sequence[InstanceTable]) -> list[Row]:
    """Return how many points each node has, and how many of them are invisible and unverified.

    Nodes of the same name in several skeletons are counted together. A point is invisible if it is marked so or has
    no coordinates; it is unverified if nobody has moved or confirmed it since SLEAP placed it, visible or not.
    """
    rows: dict[str, Row] = {}
    for table in tables:
        invisible, unverified = (~table.visible).sum(axis=0), (~table.verified).sum(axis=0)
        for i, node in enumerate(table.skeleton.nodes):
            row = rows.setdefault(node, {"node": node, "points": 0, "invisible": 0, "unverified": 0})
            row["points"] += len(table)
            row["invisible"] += int(invisible[i])
            row["unverified"] += int(unverified[i])
    for row in rows.values():
        row["invisible_percent"] = percent(row["invisible"], row["points"])
        row["unverified_percent"] = percent(row["unverified"], row["points"])
    return list(rows.values())


def count_frames(labels: sio.Labels, entries: Entries, tables: Sequence[InstanceTable]) -> list[Row]:
    """Return the counts of each labelled frame, in the file's order: instances, points, invisible, unverified."""
    total = len(entries)
    per_entry = {
        "user_instances": sum((np.bincount(t.entry, minlength=total) for t in tables), np.zeros(total, int)),
        "predicted_instances": np.array([len(f.predicted_instances) for f in labels.labeled_frames], int),
        "points": _per_entry(tables, total, lambda t: np.full(len(t), len(t.skeleton.nodes))),
        "invisible": _per_entry(tables, total, lambda t: (~t.visible).sum(axis=1)),
        "unverified": _per_entry(tables, total, lambda t: (~t.verified).sum(axis=1)),
    }
    return [
        {
            "video": entries.videos[entries.video[i]],
            "frame_idx": int(entries.frame_idx[i]),
            **{name: int(counts[i]) for name, counts in per_entry.items()},
        }
        for i in range(total)
    ]


def _per_entry(tables: Sequence[InstanceTable], total: int, count: Any) -> Array:
    sums = (np.bincount(t.entry, weights=count(t), minlength=total) for t in tables)
    return sum(sums, np.zeros(total)).astype(int)


def count_videos(entries: Entries, frames: Sequence[Row]) -> list[Row]:
    """Return the counts of each video, from those of its frames; videos without a labelled frame have 0."""
    rows = []
    for number, name in enumerate(entries.videos):
        own = [frame for frame, video in zip(frames, entries.video, strict=True) if video == number]
        indices = [frame["frame_idx"] for frame in own]
        rows.append(
            {
                "video": name,
                **_sum_up(own),
                "first_frame": min(indices, default=None),
                "last_frame": max(indices, default=None),
            }
        )
    return rows


def count_all(labels: sio.Labels, frames: Sequence[Row], nodes: Sequence[Row]) -> Row:
    """Return the counts of the whole file; shares of nothing are None."""
    counts = _sum_up(frames)
    worst = max(nodes, key=lambda row: row["invisible"], default=None)
    return {
        "videos": len({frame["video"] for frame in frames}),
        **counts,
        "visible_fraction": 1 - counts["invisible"] / counts["points"] if counts["points"] else None,
        "worst_node": worst["node"] if worst and worst["invisible"] else None,
        "tracks": len(labels.tracks),
        "suggestions": len(labels.suggestions),
    }


def _sum_up(frames: Sequence[Row]) -> Row:
    users = [frame["user_instances"] for frame in frames]
    return {
        "frames": len(frames),
        "empty_frames": users.count(0),
        "user_instances": sum(users),
        "predicted_instances": sum(frame["predicted_instances"] for frame in frames),
        "instances_min": min(users, default=None),
        "instances_mean": sum(users) / len(users) if users else None,
        "instances_max": max(users, default=None),
        **{name: sum(frame[name] for frame in frames) for name in ("points", "invisible", "unverified")},
    }


def percent(part: int, whole: int) -> float | None:
    """Return a part in percent of the whole; None where there is no whole."""
    return 100 * part / whole if whole else None
