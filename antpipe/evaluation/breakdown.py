"""Pose metrics video by video and frame by frame."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from antpipe.evaluation.body import median
from antpipe.evaluation.scene import Scene, counts, instance_counts, joined, mean_similarity
from antpipe.evaluation.sleap_metrics import distance_summary

OF_VIDEO = ("avg", "p50", "p90")


def per_video(scenes: Sequence[Scene]) -> dict[str, dict[str, Any]]:
    """Return by video the number of `frames`, `instances.*`, `dist.avg`, `dist.p50`, `dist.p90` and `oks.mOKS`."""
    videos: dict[str, list[Scene]] = {}
    for scene in scenes:
        videos.setdefault(scene.video, []).append(scene)
    return {video: _of_video(of_video) for video, of_video in videos.items()}


def per_frame(scenes: Sequence[Scene]) -> dict[str, list[Any]]:
    """Return one value per true frame, in its order, so that two evaluations can be compared frame by frame.

    Returns:
        `video`, `frame_idx`; `truth`, `predicted` and `found`, numbers of instances; `dist.avg` and `dist.p50` over the
        nodes of its found animals, in pixels, NaN if there is none; `oks.sum`, the sum of OKS over its animals, 0 for a
        missed one, so that the mean OKS of some frames is the sum of `oks.sum` by that of `truth`.
    """
    truth, predicted, found = (number.tolist() for number in counts(scenes))
    return {
        "video": [scene.video for scene in scenes],
        "frame_idx": [scene.frame_idx for scene in scenes],
        "truth": truth,
        "predicted": predicted,
        "found": found,
        "dist.avg": [_mean(scene.distance[~np.isnan(scene.distance)]) for scene in scenes],
        "dist.p50": [median(scene.distance) for scene in scenes],
        "oks.sum": [float(scene.similarity.sum()) for scene in scenes],
    }


def _of_video(scenes: Sequence[Scene]) -> dict[str, Any]:
    summary = distance_summary(joined(scenes, "distance"))
    return {
        "frames": len(scenes),
        **instance_counts(scenes),
        **{f"dist.{name}": summary[name] for name in OF_VIDEO},
        "oks.mOKS": mean_similarity(scenes),
    }


def _mean(values: Any) -> float:
    return float(values.mean()) if len(values) else float("nan")
