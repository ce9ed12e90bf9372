"""Label files as arrays: the labelled frames, and the user instances of each skeleton."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import sleap_io as sio

from antpipe.geometry import Array
from antpipe.labels.read import convert_skeleton
from antpipe.labels.videos import video_keys
from antpipe.poses import Skeleton


@dataclass(frozen=True, kw_only=True)
class Entries:
    """The labelled frames of a file, in its order; a frame that the file has twice is two entries."""

    videos: tuple[str, ...]
    """Names as `video_keys` gives them, each once."""
    video: Array
    """(entries,) which of `videos`"""
    frame_idx: Array
    """(entries,) int64"""
    frame: Array
    """(entries,) a number for each pair of video and frame index: entries of one frame have the same"""

    def __len__(self) -> int:
        return len(self.video)


@dataclass(frozen=True, kw_only=True)
class InstanceTable:
    """The user instances of one skeleton, one row each, in the file's order."""

    skeleton: Skeleton
    entry: Array
    """(rows,) which entry the instance belongs to"""
    instance: Array
    """(rows,) number among the user instances of its entry, from 0"""
    points: Array
    """(rows, nodes, 2) float64, as stored: also where a point is not visible"""
    visible: Array
    """(rows, nodes) bool; False also where the coordinates are NaN or infinite"""
    seen: Array
    """(rows, nodes, 2) `points`, NaN where not visible"""
    verified: Array
    """(rows, nodes) bool: SLEAP's `complete`, set once a person has moved or confirmed the point"""

    def __len__(self) -> int:
        return len(self.entry)


def make_entries(labels: sio.Labels) -> Entries:
    """Return the labelled frames; videos without one are kept, and two videos of the same path are one."""
    keys = video_keys(labels)
    videos = tuple(dict.fromkeys(keys))
    number = {id(v): videos.index(key) for v, key in zip(labels.videos, keys, strict=True)}
    video = np.array([number[id(f.video)] for f in labels.labeled_frames], np.int64)
    frame_idx = np.array([f.frame_idx for f in labels.labeled_frames], np.int64)
    pairs = np.stack([video, frame_idx], axis=-1).reshape(-1, 2)
    frame = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    return Entries(videos=videos, video=video, frame_idx=frame_idx, frame=frame)


def make_tables(labels: sio.Labels) -> list[InstanceTable]:
    """Return a table for each skeleton that user instances have, the one met first in front.

    Skeletons with the same nodes, edges and symmetries in another order are one; its order is that of the first.
    """
    rows: dict[int, list[tuple[int, int, sio.Instance]]] = {}
    skeletons: dict[int, sio.Skeleton] = {}
    for entry, frame in enumerate(labels.labeled_frames):
        for number, instance in enumerate(frame.user_instances):
            skeletons.setdefault(id(instance.skeleton), instance.skeleton)
            rows.setdefault(id(instance.skeleton), []).append((entry, number, instance))
    tables: dict[object, list[InstanceTable]] = {}
    for key, skeleton in skeletons.items():
        plain = convert_skeleton(skeleton)
        tables.setdefault(_meaning(plain), []).append(_table(plain, rows[key]))
    return [_unite(parts) for parts in tables.values()]


def _meaning(skeleton: Skeleton) -> object:
    pairs = (frozenset(map(frozenset, group)) for group in (skeleton.edges, skeleton.symmetries))
    return frozenset(skeleton.nodes), *pairs


def make_table(
    skeleton: Skeleton, *, entry: Array, instance: Array, points: Array, visible: Array, verified: Array
) -> InstanceTable:
    """Return a table of instances; points that are not finite become invisible."""
    visible = visible & np.isfinite(points).all(axis=-1)
    return InstanceTable(
        skeleton=skeleton,
        entry=entry,
        instance=instance,
        points=points,
        visible=visible,
        seen=np.where(visible[..., None], points, np.nan),
        verified=verified,
    )


def _table(skeleton: Skeleton, rows: Iterable[tuple[int, int, sio.Instance]]) -> InstanceTable:
    entry, number, instances = zip(*rows, strict=True)
    stored = np.stack([instance.points for instance in instances])
    return make_table(
        skeleton,
        entry=np.array(entry),
        instance=np.array(number),
        points=np.asarray(stored["xy"], np.float64),
        visible=stored["visible"],
        verified=stored["complete"],
    )


def _unite(parts: list[InstanceTable]) -> InstanceTable:
    """Return the rows of tables with the same nodes as one table, in the order of the first one's nodes."""
    if len(parts) == 1:
        return parts[0]
    nodes = parts[0].skeleton.nodes
    place = [[part.skeleton.nodes.index(node) for node in nodes] for part in parts]
    entry, number = (np.concatenate([getattr(p, name) for p in parts]) for name in ("entry", "instance"))
    order = np.lexsort([number, entry])
    points, visible, verified = (
        np.concatenate([getattr(p, name)[:, i] for p, i in zip(parts, place, strict=True)])[order]
        for name in ("points", "visible", "verified")
    )
    return make_table(
        parts[0].skeleton,
        entry=entry[order],
        instance=number[order],
        points=points,
        visible=visible,
        verified=verified,
    )
