"""A tracker: what every method has in common, from the tables of a video to names of tracks."""

import itertools
from dataclasses import replace

import numpy as np

from antpipe.config.tracking import TrackConfig
from antpipe.errors import PosesError
from antpipe.geometry import Array
from antpipe.poses import Poses, PosesInfo
from antpipe.tracking.breaks import Breaks
from antpipe.tracking.cull import best
from antpipe.tracking.found import by_frame
from antpipe.tracking.named import known_animals, named_animals
from antpipe.tracking.registry import METHODS, Images, Setup


class Tracker:
    """Gives tracks to the tables of one video, in frame order; make a fresh one for each video."""

    def __init__(self, info: PosesInfo, config: TrackConfig, images: Images | None = None) -> None:
        named = named_animals(info)
        self.config = config
        self.linker = METHODS[config.method](Setup.of(info, config, images))
        connect = config.post_connect_single_breaks and config.target_instance_count
        self._breaks = Breaks(connect, len(named)) if connect else None
        self._names = list(named)
        self._new_names = (name for name in map("track_{}".format, itertools.count()) if name not in named)
        self._last = -1

    def track(self, poses: Poses) -> Poses:
        """Return the next table with a track and a tracking score on every instance that has one.

        Raises:
            PosesError: if a frame comes after a later one, or in two tables.
        """
        self._check_order(poses)
        known = known_animals(poses)
        number, score = np.full(len(poses), -1), np.full(len(poses), np.nan)
        for rows, found in by_frame(poses, known, self._kept_before(poses)):
            number[rows], score[rows] = self.linker.link(found)
            self._finish(number, rows, poses)
        score = np.where((number >= 0) & (number == known), poses.tracking_score, score)
        score = np.where(number < 0, np.nan, score).astype(np.float32)
        return replace(poses, track=self._as_names(number), tracking_score=score)

    def _check_order(self, poses: Poses) -> None:
        if not len(poses):
            return
        steps = np.diff(poses.frame_idx, prepend=self._last)
        steps[0] -= 1  # a table begins with a new frame
        wrong = np.flatnonzero(steps < 0)
        if len(wrong):
            frame, before = poses.frame_idx[wrong[0]], poses.frame_idx[wrong[0] - 1] if wrong[0] else self._last
            raise PosesError(
                f"poses of {poses.info.video.path}: expected whole frames in order, but frame {frame} comes after "
                f"frame {before}; sort the rows by frame_idx"
            )
        self._last = int(poses.frame_idx[-1])

    def _kept_before(self, poses: Poses) -> Array:
        """Return the rows that are to be tracked."""
        kept = np.ones(len(poses), bool)
        count = self.config.target_instance_count if self.config.pre_cull_to_target else None
        overlap = self.config.pre_cull_iou_threshold
        if count is not None or overlap is not None:
            for _, rows in poses.by_frame():
                kept[rows] = best(poses.points[rows], poses.instance_score[rows], count=count, overlap=overlap)
        return kept

    def _finish(self, number: Array, rows: Array, poses: Poses) -> None:
        """Take tracks away from surplus instances of a frame, and join breaks."""
        count, overlap = self.config.clean_instance_count, self.config.clean_iou_threshold
        if count is not None or overlap is not None:
            rows = rows[number[rows] >= 0]
            kept = best(poses.points[rows], poses.instance_score[rows], count=count, overlap=overlap)
            number[rows[~kept]] = -1
        if self._breaks is not None:
            number[rows] = self._breaks.join(number[rows])

    def _as_names(self, number: Array) -> Array:
        missing = int(number.max(initial=-1)) + 1 - len(self._names)
        self._names += itertools.islice(self._new_names, max(missing, 0))
        # The last entry is what -1 stands for.
        return np.array([*self._names, None], object)[number]
