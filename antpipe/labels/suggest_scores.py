"""What is odd about each predicted frame: a few numbers per frame, read from a stream of poses."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from antpipe.geometry import Array, bounding_boxes
from antpipe.labels.suggest_poses import PoseSpace
from antpipe.poses import Poses, PosesInfo, concat_poses

KINDS = ("low_confidence", "uneven_confidence", "odd_count", "jump", "rare_pose")
"""The reasons why a frame may be worth labelling."""
BORDER = 0.4
"""An animal may be half outside if what is seen of it comes this close to the border, in animal sizes."""


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The worst animal of each frame in one respect; all zero in a frame without a bad one."""

    value: Array
    """(examined,) float32"""
    animal: Array
    """(examined,) object: its track, or its place among the frame's animals."""
    node: Array
    """(examined,) int16: its worst node"""

    @classmethod
    def of(cls, frames: int) -> "Worst":
        """Return the record of so many frames before any animal was looked at."""
        return cls(
            value=np.zeros(frames, np.float32), animal=np.full(frames, "", object), node=np.zeros(frames, np.int16)
        )

    def take(self, at: Array, value: Array, animal: Array, node: Array) -> None:
        """Look at animals (rows,) in frames `at`; NaN is no value."""
        value = np.nan_to_num(value)
        order = np.lexsort((value, at))
        last = order[np.flatnonzero(np.diff(at[order], append=-1))]
        rows = last[value[last] > self.value[at[last]]]
        self.value[at[rows]], self.animal[at[rows]], self.node[at[rows]] = value[rows], animal[rows], node[rows]


@dataclass(frozen=True, kw_only=True)
class FrameRecord:
    """The numbers of all frames examined of one video."""

    info: PosesInfo
    size: float
    """Typical diagonal of an animal's bounding box, in pixels."""
    frames: Array
    """(examined,) their indices, in order"""
    animals: Array
    """(examined,) number of instances"""
    usual: Array
    """(examined,) number of instances at that time, usually"""
    confidence: Array
    """(examined,) mean over instances and nodes (see `node_confidences`), 1 in a frame without instances"""
    uneven: Worst
    """Standard deviation over mean of the confidence of an animal's nodes; the node is the least certain one."""
    jump: Worst
    """How far a node of a track is from the middle between its places one frame earlier and later, where constant
    velocity would put it, in animal sizes."""
    rare: Worst
    """Distance of a pose from the nearest common or labelled one; it is no single node's."""

    def values(self) -> Array:
        """Return the numbers (examined, kinds) that grow with oddness, in the order of `KINDS`."""
        odd = np.abs(self.animals - self.usual)
        columns = (1 - self.confidence, self.uneven.value, odd, self.jump.value, self.rare.value)
        return np.stack(columns, axis=1).astype(np.float64)


def record_frames(
    info: PosesInfo, parts: Iterable[Poses], space: PoseSpace, size: float, count_window: int
) -> FrameRecord:
    """Return the numbers of a video's frames from its poses in frame order; memory grows with frames, not animals.

    Args:
        info: what the poses are about.
        parts: the poses in pixels of their video.
        space: says how rare a pose is.
        size: of a typical animal in pixels, the unit of jumps.
        count_window: frames before and after a frame whose median number of animals is the usual one.
    """
    frames = np.concatenate([np.arange(start, stop) for start, stop in info.frames] or [np.zeros(0, np.int64)])
    animals, confidence = np.zeros(len(frames), np.int32), np.zeros(len(frames))
    uneven, jump, rare = (Worst.of(len(frames)) for _ in range(3))
    last: list[Poses] = []
    for poses in parts:
        at = np.searchsorted(frames, poses.frame_idx)
        scores = node_confidences(poses, size)
        np.add.at(animals, at, 1)
        mean = np.nanmean(scores, axis=1)
        np.add.at(confidence, at, mean)
        names = _names(poses)
        uneven.take(at, np.nanstd(scores, axis=1) / np.maximum(mean, 0.01), names, np.nanargmin(scores, axis=1))
        rare.take(at, space.rarity(poses.points), names, np.zeros(len(poses), np.int16))
        # Whether a node has jumped shows only when the next frame is known.
        both = concat_poses([*last, poses])
        off = np.nan_to_num(distances_from_middle(both)) / size
        jump.take(np.searchsorted(frames, both.frame_idx), off.max(axis=1), _names(both), off.argmax(axis=1))
        last = [both[both.frame_idx >= both.frame_idx[-1] - 1]] if len(both) else []
    return FrameRecord(
        info=info,
        size=size,
        frames=frames,
        animals=animals,
        usual=median_filter(animals, size=2 * count_window + 1),
        confidence=np.where(animals > 0, confidence / np.maximum(animals, 1), 1.0),
        uneven=uneven,
        jump=jump,
        rare=rare,
    )


def node_confidences(poses: Poses, size: float) -> Array:
    """Return the confidence of each node (rows, nodes): 0 where it was not found.

    NaN where it was not found in an animal near the border of the picture, which may be half outside. `size` is that of
    a typical animal.
    """
    boxes = bounding_boxes(poses.points)
    width, height = poses.info.video.width, poses.info.video.height
    room = np.column_stack([boxes[:, :2], width - 1 - boxes[:, 2], height - 1 - boxes[:, 3]])
    at_border = (room < BORDER * size).any(axis=1)
    return np.where(np.isnan(poses.point_scores), np.where(at_border, np.nan, 0.0)[:, None], poses.point_scores)


def distances_from_middle(poses: Poses) -> Array:
    """Return how far each node (rows, nodes) is from the middle of its places one frame earlier and one later.

    In pixels; NaN where the track or the node is missing in one of the three frames. Of an outlier in a single frame
    that frame has the largest distance, its neighbours half of it.
    """
    tracked = np.flatnonzero(poses.track != None)  # noqa: E711 (elementwise on an object array)
    _, track = np.unique(poses.track[tracked].astype(str), return_inverse=True)
    order = np.lexsort((poses.frame_idx[tracked], track))
    rows, track = tracked[order], track[order]
    frame = poses.frame_idx[rows]
    steps = (np.diff(frame) == 1) & (np.diff(track) == 0)
    here = np.flatnonzero(steps[:-1] & steps[1:]) + 1
    before, now, after = (poses.points[rows[here + shift]] for shift in (-1, 0, 1))
    distance = np.full(poses.point_scores.shape, np.nan)
    distance[rows[here]] = np.linalg.norm(now - (before + after) / 2, axis=-1)
    return distance


def _names(poses: Poses) -> Array:
    names = poses.track.copy()
    for row in np.flatnonzero(names == None):  # noqa: E711 (elementwise on an object array)
        names[row] = f"animal {poses.instance_idx[row] + 1}"
    return names
