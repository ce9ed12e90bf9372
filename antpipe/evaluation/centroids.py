"""Evaluating a centroid model, which predicts one point per animal."""

from typing import Any

import numpy as np

from antpipe.evaluation.body import body_lengths, median
from antpipe.evaluation.detection import RADII, detection_metrics
from antpipe.evaluation.frames import frame_counts, pair_all_frames
from antpipe.evaluation.read import FrameSet
from antpipe.geometry import centroids


def centroid_metrics(truth: FrameSet, predicted: FrameSet) -> dict[str, Any]:
    """Return `detection.*` of predicted centroids, which are the only node of `predicted`, and counts of frames.

    The true centroid is the node of that name, where the truth has it and it is visible, else the middle of the box
    around the animal. Radii are parts of the median length of that box.
    """
    node, nodes = predicted.skeleton.nodes[0], truth.skeleton.nodes
    anchor = nodes.index(node) if node in nodes else None
    pairs = pair_all_frames(truth.frames, predicted.frames)
    length = median(np.concatenate(body_lengths([true.points for true, _ in pairs])))
    true_points = [centroids(true.points, anchor) for true, _ in pairs]
    # A frame without a prediction comes with the truth's nodes, but without instances.
    found = [other.points[:, 0] for _, other in pairs]
    scores = [other.scores for _, other in pairs]
    return {
        **frame_counts(truth.frames, predicted.frames),
        "body_length.median": length,
        "body_length.is": "longest side of the box around the animal",
        **detection_metrics(true_points, found, radii=[share * length for share in RADII], scores=scores),
    }
