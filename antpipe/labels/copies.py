"""Instances of one label file as instances of another's skeleton and tracks."""

from collections import Counter

import attrs
import numpy as np
import sleap_io as sio

from antpipe.labels.nodes import renamed_nodes
from antpipe.labels.source import Source

Tracks = dict[tuple[str, int], sio.Track]
"""Tracks by name, and how many of that name came before."""


def copy_instances(source: Source, skeleton: sio.Skeleton, tracks: Tracks) -> dict[int, sio.Instance]:
    """Return copies of a file's instances, by `id`, with the nodes of `skeleton` and with tracks of the same name.

    An instance without any coordinates says nothing and is not copied. New tracks are added to `tracks`.
    """
    placed = _add_tracks(tracks, source.labels)
    rows = {id(old): _rows(old, skeleton, source) for old in source.skeletons}
    names = skeleton.node_names
    copies = {}
    for frame in source.labels.labeled_frames:
        for old in frame.instances:
            points = old.points[rows[id(old.skeleton)]]
            points["name"] = names
            if not np.isnan(points["xy"]).any(axis=1).all():
                track = placed[id(old.track)] if old.track else None
                copies[id(old)] = attrs.evolve(old, points=points, skeleton=skeleton, track=track)
    for new in copies.values():
        new.from_predicted = copies.get(id(new.from_predicted))
    return copies


def _add_tracks(tracks: Tracks, labels: sio.Labels) -> dict[int, sio.Track]:
    # Names need not be unique within a file: the second track of a name goes with the second of the others.
    seen: Counter[str] = Counter()
    placed = {}
    for track in labels.tracks:
        placed[id(track)] = tracks.setdefault((track.name, seen[track.name]), sio.Track(track.name))
        seen[track.name] += 1
    return placed


def _rows(old: sio.Skeleton, new: sio.Skeleton, source: Source) -> list[int]:
    """Return the place in the old skeleton of each node of the new one."""
    came_from = renamed_nodes(old, source)
    return [old.node_names.index(came_from[node]) for node in new.node_names]
