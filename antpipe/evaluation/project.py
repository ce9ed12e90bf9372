"""How good the finished tracks of a project are, on labelled frames that no model was trained on."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from antpipe.evaluation.evaluate import evaluate_tracks
from antpipe.evaluation.frames import Frame
from antpipe.evaluation.jsonable import to_json
from antpipe.evaluation.read import FrameSet, in_truth_nodes, read_frames
from antpipe.evaluation.strict import strict_metrics
from antpipe.labels.on_video import PlacedFrame, place_frames
from antpipe.labels.read import read_labels, skeleton_of
from antpipe.labels.split_file import read_split


def project_accuracy(
    labels_path: str | Path,
    split_path: str | Path,
    videos: Mapping[str, Path],
    tracks: Mapping[str, Path],
    identities: Mapping[str, Path],
    fold: int = 0,
) -> dict[str, Any]:
    """Return what the whole chain, from video to tracks, gets right.

    Args:
        labels_path: the merged labels.
        split_path: the split; only its test part counts for poses.
        videos: the preprocessed videos by name.
        tracks: the tracked poses by the same names.
        identities: files with true identities by name, for some of the videos or none.
        fold: which fold of the split.

    Returns:
        `poses`: `strict_metrics` over the frames of the test part; None where it is empty. `tracks`: by video, what
        `evaluate_tracks` gives.
    """
    labels = read_labels(labels_path)
    skeleton = skeleton_of(labels)
    placed = place_frames(labels, read_split(split_path).folds[fold].test, videos)
    truth = FrameSet(frames=[_frame(f) for f in placed if not f.embedded], skeleton=skeleton, instances="user")
    predicted = [frame for name, path in tracks.items() for frame in _predicted(name, path, truth)]
    poses = strict_metrics(truth.frames, predicted, nodes=skeleton.nodes) if truth.frames else None
    return {
        "poses": to_json(poses),
        "tracks": {name: evaluate_tracks(path, tracks[name]) for name, path in identities.items()},
    }


def _frame(placed: PlacedFrame) -> Frame:
    scores = np.ones(len(placed.points))
    return Frame(video=placed.video, frame_idx=placed.frame_idx, points=placed.points, scores=scores)


def _predicted(name: str, path: Path, truth: FrameSet) -> list[Frame]:
    """Return the predicted frames of a video that are labelled, with the nodes of the labels."""
    labelled = {f.frame_idx for f in truth.frames if f.video == name}
    found = in_truth_nodes(truth, read_frames(path, prefer="predicted", only=labelled))
    return [replace(f, video=name) for f in found.frames if f.frame_idx in labelled]
